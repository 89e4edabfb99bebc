/** Milliseconds a `Retry-After` asks for, in seconds or as a date, at most `maxMs`; 0 without one that can be read. */
export function retryAfterMs(header: string | undefined, now: Date, maxMs: number): number {
  if (header === undefined) return 0;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now.getTime();
  return Number.isNaN(ms) ? 0 : Math.min(maxMs, Math.max(0, ms));
}
