import type { Colour } from "./colour.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface Canvas {
  readonly width: number;
  readonly height: number;
}

export interface Palette {
  readonly skyTop: Colour;
  readonly skyLow: Colour;
  readonly ground: Colour;
  /** What the light gives its colour: windows, the sun. */
  readonly glow: Colour;
  /** 0 in full light, 1 in the dark. */
  readonly darkness: number;
}

/** Where and with what to paint. */
export interface Brush {
  readonly canvas: Canvas;
  readonly horizon: number;
  readonly random: SeededRandom;
}

/** Short numbers keep the drawings small. */
export function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export function times(count: number, paint: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => paint(index)).join("");
}
