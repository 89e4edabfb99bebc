import { MillraceError } from "@millrace/core";
import { MAKERS_POOL } from "./spec.ts";
import { checkHeld, type StepWork } from "./step-work.ts";

/** Where somebody asked for patience and did not say for how long. */
const PAUSE_MS = 60_000;

/** A call to a provider: within its limit over all workers, counted before it is made, since failed ones count, too. */
export async function callProvider<T>(work: StepWork, provider: string, call: () => Promise<T>): Promise<T> {
  const { needs, claim, signal } = work;
  return needs.permits.withPermit({ ...claim, provider, signal }, async () => {
    checkHeld(work, await needs.useQuota(claim, 1));
    return pausing(work, { service: provider, pool: MAKERS_POOL }, call);
  });
}

/** Runs a call; when the provider asks for patience, nothing else of the pool begins until it is over (C-Q13). */
export async function pausing<T>(
  { needs, log }: StepWork,
  of: { readonly service: string; readonly pool: string },
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isPause(error)) throw error;
    const forMs = error.retryAfterMs ?? PAUSE_MS;
    log.warn({ ...of, for_ms: forMs, code: error.code }, "the provider asks for patience");
    await needs.pause({ ...of, forMs, reason: error.message });
    throw error;
  }
}

/** What YouTube says of one channel is nothing about the others of its pool. */
function isPause(error: unknown): error is MillraceError {
  if (!(error instanceof MillraceError) || error.details["reason"] === "uploadLimitExceeded") return false;
  return error.code === "MEDIA_RATE_LIMITED" || error.code === "QUOTA_EXHAUSTED";
}
