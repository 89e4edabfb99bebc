import { setMaxListeners } from "node:events";
import { MillraceError } from "@millrace/core";

/** One signal for "the caller gave up" and "the time is over"; its reason is what to throw. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Stops the clock and lets go of the caller's signal. */
  clear(): void;
}

/** setTimeout fires at once beyond this. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function openDeadline(timeoutMs: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // every hop adds its own; they go with the call
  const stop = (): void => controller.abort(outer?.reason);
  const expire = (): void =>
    controller.abort(
      new MillraceError("FETCH_TIMEOUT", `No complete answer within ${timeoutMs} ms.`, {
        retry: "backoff",
        details: { timeout_ms: timeoutMs },
      }),
    );
  const timer = setTimeout(expire, Math.min(timeoutMs, MAX_TIMER_MS));
  if (outer?.aborted) stop();
  else outer?.addEventListener("abort", stop, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener("abort", stop);
    },
  };
}
