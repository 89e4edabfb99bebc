import type { LaneLimits } from "@millrace/core";
import { rateText } from "./parse-limits.ts";

/** Where the queue does not enforce what the record says, a phrase for each; empty when it does. */
export function differenceOf(wanted: LaneLimits, enforced: LaneLimits): string[] {
  const stateOf = ({ isPaused }: LaneLimits): string => (isPaused ? "paused" : "running");
  const compared = [
    ["state", stateOf(wanted), stateOf(enforced)],
    ["concurrency", wanted.concurrency ?? "none", enforced.concurrency ?? "none"],
    ["rate", rateText(wanted.rateLimit), rateText(enforced.rateLimit)],
  ] as const;
  return compared.flatMap(([name, want, have]) => (want === have ? [] : [`${name} is ${have} instead of ${want}`]));
}
