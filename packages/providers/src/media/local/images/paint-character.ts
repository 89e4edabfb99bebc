import { type Canvas, n } from "./brush.ts";
import { type Colour, coloursIn, hsl, mix } from "./colour.ts";
import type { SeededRandom } from "./seeded-random.ts";

const BEAST =
  /\b(dog|wolf|cat|horse|lion|tiger|bear|fox|deer|sheep|cow|goat|pig|donkey|elephant|mouse|rabbit|dragon)\b/;
const SKINS = ["#f0c9a4", "#dba77c", "#b97f52", "#8a5a38", "#5d3b25"] as const;
const HAIRS = ["#2b1d14", "#5b3a1e", "#a8742f", "#6e6e70", "#141414", "#8c3b1c"] as const;

/** A wizard with his hat, and half a beast, in units. */
const TALLEST = 123;
const WIDEST = 52;

/** What a figure is drawn in: a unit is a hundredth of its height; (0, 0) is between its feet. */
interface Sketch {
  readonly cloth: Colour;
  readonly second: Colour;
  readonly skin: Colour;
  readonly hair: Colour;
}

/** A figure from head to foot on nothing, as an SVG; the lowest tenth stays free for its name. */
export function paintCharacter(prompt: string, { width, height }: Canvas, random: SeededRandom): string {
  const text = prompt.toLowerCase();
  const [named, other] = coloursIn(text);
  const cloth = named ?? hsl(random.between(0, 360), 0.42, 0.42);
  const sketch: Sketch = {
    cloth,
    second: other ?? mix(cloth, "#20242c", 0.55),
    skin: random.pick(SKINS),
    hair: /\b(old|elder\w*|grand\w*|grey|gray|white)[- ]?(haired|bearded|man|woman)?\b/.test(text)
      ? "#d8d5cf"
      : random.pick(HAIRS),
  };
  const unit = Math.min((height * 0.88) / TALLEST, width / 2 / WIDEST);
  const drawing = BEAST.test(text) ? beast(sketch) : person(text, sketch, random);
  const place = `translate(${n(width / 2)} ${n(height * 0.9)}) scale(${unit.toFixed(3)})`;
  const shadow = `<ellipse cx="0" cy="0" rx="20" ry="2.6" fill="#000" opacity="0.25"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g transform="${place}">${shadow}${drawing}</g></svg>`;
}

function person(text: string, sketch: Sketch, random: SeededRandom): string {
  const { cloth, second, skin, hair } = sketch;
  const isRobot = /\b(robot\w*|android|cyborg|machine)\b/.test(text);
  const wearsDress = /\b(woman|girl|queen|princess|lady|mother|witch|dress|robe\w*|monk|nun|wizard|priest\w*)\b/.test(
    text,
  );
  const metal = "#aab3bd";
  const face = isRobot ? metal : skin;
  const legs = wearsDress
    ? `<path d="M-9 -52L-17 -3Q0 1 17 -3L9 -52Z" fill="${cloth}"/><rect x="-8" y="-4" width="6" height="4" fill="${second}"/><rect x="2" y="-4" width="6" height="4" fill="${second}"/>`
    : `<path d="M-9 -48L-11 0H-2L0 -40L2 0H11L9 -48Z" fill="${second}"/><rect x="-13" y="-3" width="12" height="3" rx="1.5" fill="#241c18"/><rect x="1" y="-3" width="12" height="3" rx="1.5" fill="#241c18"/>`;
  const lift = random.between(-6, 14);
  const arms =
    `<path d="M-11 -76L-19 -${n(56 + lift / 2)}L-16 -44" stroke="${mix(cloth, "#000000", 0.12)}" stroke-width="6" stroke-linecap="round" stroke-linejoin="round" fill="none"/><circle cx="-16" cy="-42" r="3.4" fill="${face}"/>` +
    `<path d="M11 -76L20 -${n(60 + lift)}L23 -${n(50 + lift * 2)}" stroke="${mix(cloth, "#000000", 0.12)}" stroke-width="6" stroke-linecap="round" stroke-linejoin="round" fill="none"/><circle cx="23" cy="-${n(49 + lift * 2)}" r="3.4" fill="${face}"/>`;
  const torso = `<path d="M-13 -78Q0 -84 13 -78L10 -46H-10Z" fill="${cloth}"/><rect x="-10.5" y="-52" width="21" height="3.4" fill="${mix(second, "#000000", 0.3)}"/>`;
  const neck = `<rect x="-3.4" y="-85" width="6.8" height="8" fill="${mix(face, "#000000", 0.15)}"/>`;
  const head = isRobot
    ? `<rect x="-9" y="-102" width="18" height="18" rx="3" fill="${metal}"/><line x1="0" y1="-102" x2="0" y2="-108" stroke="${metal}" stroke-width="1.4"/><circle cx="0" cy="-108" r="1.8" fill="#d9482b"/>`
    : `<path d="M-10 -92Q-11 -104 0 -104.5Q11 -104 10 -92L${wearsDress ? "12 -76L7 -82L-7 -82L-12 -76" : "8 -90L-8 -90"}Z" fill="${hair}"/><ellipse cx="0" cy="-92" rx="8.2" ry="9.6" fill="${skin}"/><path d="M-9 -94Q-7 -103 0 -103Q7 -103 9 -94Q4 -99 -3 -98Q-7 -98 -9 -94Z" fill="${hair}"/>`;
  const eyes = `<circle cx="-3.1" cy="-92.5" r="1.1" fill="#1c1c22"/><circle cx="3.1" cy="-92.5" r="1.1" fill="#1c1c22"/><path d="M-2.8 -87.4Q0 -${n(random.between(84.5, 87))} 2.8 -87.4" stroke="#5b2a22" stroke-width="0.9" fill="none"/>`;
  const beard =
    !isRobot && /\b(beard\w*|wizard|elder\w*|captain|dwarf|viking|old man)\b/.test(text)
      ? `<path d="M-7.6 -90Q-7 -78 0 -75Q7 -78 7.6 -90Q3 -86 0 -86Q-3 -86 -7.6 -90Z" fill="${hair}"/>`
      : "";
  return `${legs}${arms}${neck}${torso}${head}${beard}${eyes}${hat(text, sketch)}`;
}

function hat(text: string, { second }: Sketch): string {
  if (/\b(king|queen|prince\w*|crown\w*|emperor|empress)\b/.test(text)) {
    return `<path d="M-9 -100L-10 -111L-5 -105L0 -113L5 -105L10 -111L9 -100Z" fill="#d9b23c"/>`;
  }
  if (/\b(wizard|witch)\b/.test(text))
    return `<path d="M-15 -99Q0 -103 15 -99L8 -101L2 -122L-8 -101Z" fill="${second}"/>`;
  if (/\b(soldier|knight|guard|warrior|viking|astronaut|miner)\b/.test(text)) {
    return `<path d="M-10.5 -94Q-11 -107 0 -107.5Q11 -107 10.5 -94L8 -99H-8Z" fill="#8b949d"/>`;
  }
  if (/\b(hat|detective|captain|sailor|explorer|farmer|cowboy|merchant)\b/.test(text)) {
    return `<ellipse cx="0" cy="-100" rx="14.5" ry="2.4" fill="${second}"/><path d="M-8.5 -100Q-8 -110 0 -110Q8 -110 8.5 -100Z" fill="${second}"/>`;
  }
  return "";
}

function beast({ cloth, second }: Sketch): string {
  const legs = [-24, -15, 13, 22].map(
    (x) =>
      `<rect x="${x}" y="-26" width="6" height="26" rx="2.5" fill="${mix(cloth, "#000000", x % 2 === 0 ? 0.25 : 0.1)}"/>`,
  );
  return (
    `${legs.join("")}<ellipse cx="0" cy="-34" rx="29" ry="14" fill="${cloth}"/><path d="M-27 -38Q-40 -40 -38 -56" stroke="${cloth}" stroke-width="5" stroke-linecap="round" fill="none"/>` +
    `<path d="M16 -38L26 -62L38 -58L30 -30Z" fill="${cloth}"/><ellipse cx="36" cy="-62" rx="11" ry="8.5" fill="${cloth}"/><ellipse cx="45" cy="-59" rx="5" ry="4.4" fill="${mix(cloth, "#ffffff", 0.3)}"/>` +
    `<path d="M28 -67L27 -79L35 -70ZM36 -70L40 -79L42 -68Z" fill="${second}"/><circle cx="38" cy="-64" r="1.5" fill="#14141a"/><circle cx="48.5" cy="-60" r="1.6" fill="#14141a"/>`
  );
}
