import { TIERS, type Tier } from "../unified-result.ts";
import { cleanLine } from "./clean-text.ts";

const DEFAULT_SCORE = 50;
const MAX_EXPLANATIONS = 3;
const MAX_EXPLANATION_CHARACTERS = 300;

/** Upper-cased; anything that is no tier is C. */
export function tierOf(value: unknown): Tier {
  const written = cleanLine(value, 10).toUpperCase();
  return TIERS.find((tier) => tier === written) ?? "C";
}

/** An integer from 1 to 100; "85", "85/100" and 85.7 are 85, anything that holds no number is 50. */
export function scoreOf(value: unknown): number {
  const number = typeof value === "string" ? Number.parseFloat(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) return DEFAULT_SCORE;
  return Math.min(100, Math.max(1, Math.trunc(number)));
}

/** At most three short texts; one long text is taken as its sentences. */
export function explanationOf(value: unknown): string[] {
  const written = Array.isArray(value) ? value : typeof value === "string" ? value.split(/(?<=[.!?])\s+/u) : [];
  return written
    .slice(0, 20)
    .map((text) => cleanLine(text, MAX_EXPLANATION_CHARACTERS))
    .filter((text) => text !== "")
    .slice(0, MAX_EXPLANATIONS);
}
