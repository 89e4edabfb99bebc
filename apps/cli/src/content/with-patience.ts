import { setTimeout as pause } from "node:timers/promises";
import { ApiProblem, ApiSilence } from "../api-client.ts";

const WAITS_MS = [500, 1_000, 2_000, 4_000, 8_000];
const MAX_ASKED_WAIT_MS = 60_000;

/** Asks again while the API is away, overloaded or over its rate, as long as it says or for some 15 seconds in all. */
export async function withPatience<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const waitMs of WAITS_MS) {
    try {
      return await ask();
    } catch (error) {
      if (!isPassing(error) || signal.aborted) throw error;
      const asked = error instanceof ApiProblem ? error.retryAfterMs : undefined;
      // an interrupt ends the wait; the next line then asks for the last time
      await pause(Math.min(asked ?? waitMs, MAX_ASKED_WAIT_MS), undefined, { signal }).catch(() => {});
    }
  }
  return ask();
}

function isPassing(error: unknown): boolean {
  return error instanceof ApiSilence || (error instanceof ApiProblem && (error.status === 429 || error.status >= 502));
}
