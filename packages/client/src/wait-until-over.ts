import { setTimeout as sleep } from "node:timers/promises";

export interface WaitOptions {
  /** Default 10 minutes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_WAIT_MS = 600_000;
const FIRST_POLL_MS = 200;
const MAX_POLL_MS = 5_000;

/** Looks, less and less often, until what it sees is over; rejects when it is not in time. `name` says what it is. */
export async function waitUntilOver<T extends { readonly status: string }>(
  name: string,
  look: () => Promise<T>,
  { timeoutMs = DEFAULT_WAIT_MS, signal }: WaitOptions,
): Promise<T> {
  const endsAt = performance.now() + timeoutMs;
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(MAX_POLL_MS, pollMs * 1.5)) {
    const seen = await look();
    if (seen.status !== "pending" && seen.status !== "processing") return seen;
    if (performance.now() + pollMs > endsAt) throw new Error(`${name} is still ${seen.status} after ${timeoutMs} ms`);
    await sleep(pollMs, undefined, signal ? { signal } : {});
  }
}
