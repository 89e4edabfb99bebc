const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `30m`, `2h` or `7d` in milliseconds. Throws saying what is expected. */
export function parseDuration(text: string): number {
  const { count, unit } = /^(?<count>\d{1,6})(?<unit>[smhd])$/.exec(text)?.groups ?? {};
  if (count === undefined || unit === undefined) throw new Error("a time such as 90s, 30m, 2h or 7d");
  return Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** So long before `now`, or the ISO instant it names. Throws saying what is expected. */
export function parseSince(text: string, now: Date): Date {
  if (/^\d+[smhd]$/.test(text)) return new Date(now.getTime() - parseDuration(text));
  const instant = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : undefined;
  if (instant === undefined || Number.isNaN(instant.getTime())) {
    throw new Error("a time such as 30m, 2h or 7d ago, or an instant such as 2026-01-31T12:00:00Z");
  }
  return instant;
}
