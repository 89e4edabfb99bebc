import type { Box } from "./box.ts";

/** Letters without a space between them, as one run of a font. */
export interface Word {
  readonly text: string;
  readonly box: Box;
  /** Height of the font in points. */
  readonly size: number;
  readonly isBold: boolean;
  /** Whole degrees, clockwise as seen on the page; 0 reads from left to right. */
  readonly angle: number;
  /** From first to last letter along the direction of reading. */
  readonly from: number;
  readonly to: number;
  /** Where the baseline lies across the direction of reading; grows from line to line. */
  readonly baseline: number;
  /** A space was drawn after it. */
  readonly isSpaced: boolean;
}

/** Wider gaps, in font heights, stand for a space: TeX kerns by 0.08 at most and shrinks spaces to no less than 0.2. */
export const SPACE_GAP = 0.13;
