import { expect, it } from "vitest";
import { msUntilMidnight, PACIFIC } from "./until-midnight.ts";

const HOUR = 3_600_000;

it.each([
  ["in winter", "2026-01-15T07:30:00.000Z", PACIFIC, 0.5 * HOUR],
  ["in summer", "2026-07-01T07:00:00.000Z", PACIFIC, 24 * HOUR],
  ["before the clock goes forward", "2026-03-08T08:00:00.000Z", PACIFIC, 23 * HOUR],
  ["before the clock goes back", "2026-11-01T07:00:00.000Z", PACIFIC, 25 * HOUR],
  ["with a part of a second", "2026-01-15T07:59:59.250Z", PACIFIC, 750],
  ["in another place", "2026-01-15T23:00:00.000Z", "UTC", HOUR],
])("C-Q12: midnight %s", (_, now, zone, expected) => {
  expect(msUntilMidnight(new Date(now), zone)).toBe(expected);
});
