import { type Canvas, n } from "./brush.ts";
import { type Colour, coloursIn, hsl, mix } from "./colour.ts";
import { earliest } from "./earliest.ts";
import type { SeededRandom } from "./seeded-random.ts";

type Draw = (colour: Colour, dark: Colour, light: Colour) => string;

/** Each in a square of 100 that stands on y = 0, from x = -50 to 50. */
const PROPS: readonly [Draw, RegExp][] = [
  [
    (colour, dark, light) =>
      `<path d="M0 -8Q-25 -22 -46 -10V-58Q-24 -68 0 -54Q24 -68 46 -58V-10Q25 -22 0 -8Z" fill="${dark}"/><path d="M0 -12Q-24 -25 -42 -15V-58Q-22 -66 0 -53Q22 -66 42 -58V-15Q24 -25 0 -12Z" fill="${light}"/><path d="M0 -12V-53M-34 -48L-8 -43M-34 -38L-8 -33M34 -48L8 -43M34 -38L8 -33" stroke="${colour}" stroke-width="2"/>`,
    /\b(book|diary|journal|manuscript|tome)\b/,
  ],
  [
    (colour, dark) =>
      `<rect x="-40" y="-66" width="80" height="62" fill="#e9d9ae"/><path d="M-30 -18L-8 -34L6 -24L28 -52" stroke="${dark}" stroke-width="2.5" stroke-dasharray="5 4" fill="none"/><path d="M24 -56l8 8m0 -8l-8 8" stroke="${colour}" stroke-width="3.5"/><rect x="-45" y="-72" width="90" height="9" rx="4.5" fill="#c8ad74"/><rect x="-45" y="-8" width="90" height="9" rx="4.5" fill="#c8ad74"/>`,
    /\b(map|scroll|letter|parchment|document|paper|blueprint\w*)\b/,
  ],
  [
    (colour, dark) =>
      `<path d="M0 -98L6 -88V-30H-6V-88Z" fill="#c5ced6"/><path d="M0 -98V-30H-6V-88Z" fill="#9eaab4"/><rect x="-18" y="-31" width="36" height="6" rx="3" fill="${colour}"/><rect x="-3.5" y="-26" width="7" height="20" fill="${dark}"/><circle cx="0" cy="-5" r="5" fill="${colour}"/>`,
    /\b(sword|dagger|blade|knife|spear|axe)\b/,
  ],
  [
    (colour, dark) =>
      `<circle cx="0" cy="-40" r="36" fill="#ffdf8a" opacity="0.35"/><path d="M-12 -74Q0 -92 12 -74" stroke="${dark}" stroke-width="3" fill="none"/><rect x="-18" y="-74" width="36" height="9" fill="${colour}"/><rect x="-15" y="-65" width="30" height="48" fill="#ffe9ad"/><path d="M0 -58Q11 -40 0 -28Q-11 -40 0 -58Z" fill="#f08a32"/><path d="M-15 -65V-17M15 -65V-17" stroke="${dark}" stroke-width="3"/><rect x="-20" y="-17" width="40" height="14" fill="${colour}"/>`,
    /\b(lantern|lamp|torch|candle|light)\b/,
  ],
  [
    (colour, dark) =>
      `<path d="M-46 -30H46Q40 -4 26 -2H-28Q-42 -8 -46 -30Z" fill="${dark}"/><rect x="-2" y="-98" width="4" height="70" fill="#5b4028"/><path d="M4 -94Q40 -66 34 -38H4ZM-4 -86Q-34 -62 -30 -40H-4Z" fill="#efe6d2"/><path d="M2 -98l16 4l-16 5Z" fill="${colour}"/>`,
    /\b(ship|boat|galleon|vessel|caravel|raft)\b/,
  ],
  [
    (colour, dark) =>
      `<path d="M-46 -16V-36L-28 -40L-16 -58H18L30 -40L46 -36V-16Z" fill="${colour}"/><path d="M-22 -40L-13 -53H-1V-40ZM4 -40V-53H16L24 -40Z" fill="#cfe3ee"/><circle cx="-26" cy="-13" r="12" fill="#22252b"/><circle cx="27" cy="-13" r="12" fill="#22252b"/><circle cx="-26" cy="-13" r="5" fill="${dark}"/><circle cx="27" cy="-13" r="5" fill="${dark}"/>`,
    /\b(car|carriage|wagon|cart|truck|train|vehicle)\b/,
  ],
  [
    (colour, dark, light) =>
      `<circle cx="0" cy="-44" r="42" fill="${colour}"/><circle cx="0" cy="-44" r="34" fill="${light}"/><path d="M0 -44V-70M0 -44L18 -34" stroke="${dark}" stroke-width="4" stroke-linecap="round"/><path d="M0 -76v6M0 -12v-6M32 -44h-6M-32 -44h6" stroke="${dark}" stroke-width="3"/>`,
    /\b(clock|watch|compass|astrolabe|gear\w*|wheel)\b/,
  ],
  [
    (colour, dark) =>
      `<path d="M-34 0L-4 -46M30 0L0 -46M-2 0V-46" stroke="${dark}" stroke-width="4"/><g transform="rotate(-24 0 -50)"><rect x="-34" y="-58" width="44" height="16" fill="${colour}"/><rect x="8" y="-62" width="34" height="24" fill="${mix(colour, "#000000", 0.25)}"/></g>`,
    /\b(telescope|spyglass|microscope|camera)\b/,
  ],
  [
    (colour) =>
      `<rect x="-5" y="-40" width="10" height="40" fill="#5a412c"/><circle cx="0" cy="-66" r="30" fill="#3f7d4a"/><circle cx="-20" cy="-52" r="19" fill="#37703f"/><circle cx="20" cy="-52" r="19" fill="#4a8a55"/><circle cx="-8" cy="-72" r="4" fill="${colour}"/><circle cx="13" cy="-60" r="4" fill="${colour}"/>`,
    /\b(tree|plant|flower\w*|bush)\b/,
  ],
  [
    (colour, dark) =>
      `<rect x="-42" y="-40" width="84" height="40" fill="${colour}"/><path d="M-42 -40Q-42 -66 0 -66Q42 -66 42 -40Z" fill="${mix(colour, "#000000", 0.15)}"/><path d="M-30 0V-60M30 0V-60M-42 -40H42" stroke="${dark}" stroke-width="5"/><rect x="-7" y="-46" width="14" height="16" rx="2" fill="#d9b23c"/>`,
    /\b(chest|box|crate|trunk|barrel|treasure)\b/,
  ],
  [
    (_colour, dark) =>
      `<circle cx="0" cy="-74" r="20" fill="none" stroke="#cfa23a" stroke-width="9"/><path d="M0 -54V-4M0 -10H16M0 -24H12" stroke="#cfa23a" stroke-width="8"/><circle cx="0" cy="-74" r="4" fill="${dark}"/>`,
    /\b(key)\b/,
  ],
];
const VASE: Draw = (colour, dark, light) =>
  `<path d="M-14 -84H14L10 -70Q38 -50 28 -20Q24 -4 16 0H-16Q-24 -4 -28 -20Q-38 -50 -10 -70Z" fill="${colour}"/><path d="M-31 -42H31M-31 -30H31" stroke="${light}" stroke-width="4"/><ellipse cx="0" cy="-84" rx="14" ry="3.5" fill="${dark}"/>`;
/** So that a thing beside a figure of the same picture size looks like a thing beside a person. */
const SHARE_OF_HEIGHT = 0.46;

/** A thing on nothing, as an SVG, in the lower half of the picture; the lowest tenth stays free for its name. */
export function paintProp(prompt: string, { width, height }: Canvas, random: SeededRandom): string {
  const text = prompt.toLowerCase();
  const [named, other] = coloursIn(text);
  const colour = named ?? hsl(random.between(0, 360), 0.45, 0.45);
  const draw = earliest(PROPS, text) ?? VASE;
  const scale = Math.min((height * SHARE_OF_HEIGHT) / 100, (width * 0.9) / 100);
  const place = `translate(${n(width / 2)} ${n(height * 0.9)}) scale(${scale.toFixed(3)})`;
  const shadow = `<ellipse cx="0" cy="0" rx="44" ry="4.5" fill="#000" opacity="0.22"/>`;
  const drawing = draw(colour, other ?? mix(colour, "#14161c", 0.6), mix(colour, "#f6f0e2", 0.8));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g transform="${place}">${shadow}${drawing}</g></svg>`;
}
