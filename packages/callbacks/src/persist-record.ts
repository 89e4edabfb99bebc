import { type Log, type RecordAnswer, StoreUnavailableError } from "@millrace/core";
import { createAlarm } from "./alarm.ts";

const FIRST_WAIT_MS = 50;
const MAX_WAIT_MS = 2_000;

/**
 * Writes down how an attempt went, again and again while Postgres is away: a result that is lost is a second POST.
 * `undefined`: `signal` ended it; the lease will.
 */
export async function persistRecord(
  write: () => Promise<RecordAnswer>,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<RecordAnswer | undefined> {
  const alarm = createAlarm();
  signal.addEventListener("abort", alarm.ring, { once: true });
  try {
    for (let tries = 0; ; tries++) {
      try {
        return await write();
      } catch (err) {
        if (!(err instanceof StoreUnavailableError)) throw err;
        if (signal.aborted) return undefined;
        log.debug({ err }, "a callback's result waits for Postgres");
      }
      await alarm.wait(Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tries, 10)));
    }
  } finally {
    signal.removeEventListener("abort", alarm.ring);
  }
}
