import type { Log } from "@millrace/core";

/** A lost connection raises the same error many times a second; one line per kind and this long is enough. */
const QUIET_MS = 10_000;
/** Long enough to tell messages apart, short enough to leave out the ticket ids BullMQ puts behind them. */
const KIND_LENGTH = 20;

/** A listener for 'error' events, which would end the process if nobody listened: logs each kind of error at most every 10 s. */
export function reportErrors(log: Log, message: string, now: () => number = Date.now): (error: Error) => void {
  const kinds = new Map<string, { until: number; suppressed: number }>();
  return (error) => {
    const kind = errorCode(error) ?? error.message.slice(0, KIND_LENGTH);
    const seen = kinds.get(kind);
    if (seen && now() < seen.until) {
      seen.suppressed += 1;
      return;
    }
    log.warn({ err: error, suppressed: seen?.suppressed ?? 0 }, message);
    kinds.set(kind, { until: now() + QUIET_MS, suppressed: 0 });
  };
}

function errorCode(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}
