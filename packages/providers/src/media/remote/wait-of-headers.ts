import { retryAfterOf } from "../../outbound/retry-after.ts";

const DAY_MS = 24 * 3_600_000;

/**
 * Milliseconds a refused caller should wait: Retry-After in both forms, else when the rate limit starts anew, by the
 * RateLimit fields of the IETF's drafts (`RateLimit: …;t=30`, `RateLimit-Reset: 30`) or X-RateLimit-Reset, whose number
 * is a delay in seconds or an instant in seconds or milliseconds.
 */
export function waitOfHeaders(headers: Readonly<Record<string, string>>, now: Date): number | undefined {
  const asked = retryAfterOf(headers);
  if (asked !== undefined) return asked;
  const written =
    /(?:^|[;,\s])(?:t|reset)=(?<reset>\d+)/.exec(headers["ratelimit"] ?? "")?.groups?.["reset"] ??
    headers["ratelimit-reset"] ??
    headers["x-ratelimit-reset"];
  const reset = /^\s*\d+(\.\d+)?\s*$/.test(written ?? "") ? Number(written) : Number.NaN;
  if (!Number.isFinite(reset)) return undefined;
  return Math.round(Math.min(DAY_MS, Math.max(0, untilReset(reset, now.getTime()))));
}

function untilReset(reset: number, now: number): number {
  if (reset > 1e12) return reset - now;
  return reset > 1e9 ? reset * 1_000 - now : reset * 1_000;
}
