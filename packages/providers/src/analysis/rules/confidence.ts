import type { Confidence } from "../unified-result.ts";
import { cleanLine } from "./clean-text.ts";

/** What each word is worth (A2.4). */
export const CONFIDENCE_VALUES = { high: 0.9, medium: 0.7, low: 0.5, unknown: 0.6 } as const satisfies Record<
  Confidence,
  number
>;

/** A word as it is; a number as the highest word it reaches; anything else is unknown. */
export function confidenceOf(value: unknown): Confidence {
  const number = typeof value === "number" ? value : Number.parseFloat(cleanLine(value, 20));
  if (Number.isFinite(number)) {
    if (number >= 0.8) return "high";
    return number >= CONFIDENCE_VALUES.unknown ? "medium" : "low";
  }
  const word = cleanLine(value, 20).toLowerCase();
  return word === "high" || word === "medium" || word === "low" ? word : "unknown";
}
