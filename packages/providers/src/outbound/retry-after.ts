/** What asks for more is asked again after this. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

/** Retry-After as seconds or as an instant, measured against the server's own clock where it names one. */
export function retryAfterOf(headers: Readonly<Record<string, string>>): number | undefined {
  const milliseconds = Number.parseFloat(headers["retry-after-ms"] ?? "");
  const written = headers["retry-after"] ?? "";
  const seconds = /^\s*\d+(\.\d+)?\s*$/.test(written) ? Number.parseFloat(written) : Number.NaN;
  const served = Date.parse(headers["date"] ?? "");
  const until = Date.parse(written) - (Number.isNaN(served) ? Date.now() : served);
  const known = [milliseconds, seconds * 1000, until].find((value) => Number.isFinite(value));
  return known === undefined ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, Math.round(known)));
}
