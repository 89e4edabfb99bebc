/** `#rrggbb`. */
export type Colour = string;

/** Between two colours: 0 is the first, 1 the second. */
export function mix(from: Colour, to: Colour, share: number): Colour {
  const channel = (at: number): string => {
    const a = Number.parseInt(from.slice(at, at + 2), 16);
    const b = Number.parseInt(to.slice(at, at + 2), 16);
    return Math.round(a + (b - a) * share)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}

/** Hue in degrees, the others from 0 to 1. */
export function hsl(hue: number, saturation: number, lightness: number): Colour {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number): string => {
    const place = (offset + hue / 30) % 12;
    const value = lightness - reach * Math.max(-1, Math.min(place - 3, 9 - place, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

const NAMED: Readonly<Record<string, Colour>> = {
  red: "#b8352f",
  crimson: "#9c1f34",
  orange: "#d97a2b",
  yellow: "#dcb93a",
  golden: "#cfa23a",
  gold: "#cfa23a",
  green: "#3f7d4a",
  blue: "#2f5fa8",
  navy: "#24365e",
  purple: "#6b4397",
  violet: "#7a4fb0",
  pink: "#d47a9b",
  brown: "#7a5230",
  black: "#2a2a30",
  white: "#ece8df",
  grey: "#84878d",
  gray: "#84878d",
  silver: "#b3bac2",
};
const COLOUR_WORD = new RegExp(`\\b(?:${Object.keys(NAMED).join("|")})\\b`, "g");

/** The colours a text names, in its order. */
export function coloursIn(text: string): Colour[] {
  return (text.toLowerCase().match(COLOUR_WORD) ?? []).map((word) => NAMED[word] ?? "#888888");
}
