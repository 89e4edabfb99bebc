import type { Clock } from "@millrace/core";
import { requestProblem } from "../http/request-problem.ts";

const MAX_NONCES = 500_000;

export interface SeenNonces {
  /** Whether it came for the first time; from then on it is known until `untilMs`. RATE_LIMITED when no more can be kept. */
  isFirst(nonce: string, untilMs: number): boolean;
}

/** The nonces of this process' accepted signatures, for as long as those are good. */
export function createSeenNonces(clock: Clock, maxNonces = MAX_NONCES): SeenNonces {
  const known = new Map<string, number>();
  return {
    isFirst(nonce, untilMs) {
      const now = clock.now().getTime();
      const knownUntil = known.get(nonce);
      if (knownUntil !== undefined && knownUntil >= now) return false;
      if (known.size >= maxNonces) {
        for (const [each, until] of known) if (until < now) known.delete(each);
        if (known.size >= maxNonces) throw requestProblem("RATE_LIMITED", "Too many signatures with a nonce at once.");
      }
      known.set(nonce, untilMs);
      return true;
    },
  };
}
