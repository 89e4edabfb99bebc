const DAY_MS = 24 * 3_600_000;

/** Where Google's days begin and end. */
export const PACIFIC = "America/Los_Angeles";

/** Milliseconds until the next day begins in a time zone, also on the two days a year that are not 24 hours long. */
export function msUntilMidnight(now: Date, timeZone: string): number {
  const here = wallClock(now.getTime(), timeZone);
  const midnight = Math.floor(here / DAY_MS) * DAY_MS + DAY_MS;
  const offset = here - Math.floor(now.getTime() / 1_000) * 1_000;
  const guess = midnight - offset;
  // The clock may have been put forward or back between now and then.
  return guess - (wallClock(guess, timeZone) - midnight) - now.getTime();
}

/** What the clock on the wall shows, as if it showed UTC; whole seconds. */
function wallClock(instant: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
