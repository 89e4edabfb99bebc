import { LANES, type Lane, type RateLimit } from "@millrace/core";

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const LARGEST = 1_000_000_000;

/** `none` takes a limit away. Anything else that is no count is an error that says the rule. */
export function parseConcurrency(text: string): number | null {
  return text === "none" ? null : countOf(text, "a number from 1, or none");
}

export function parseWindow(text: string): number {
  return countOf(text, "a number of tickets from 1");
}

/** `100/1s`, `5/500ms`, `1000/m`: so many tickets in any such time. */
export function parseRate(text: string): RateLimit | null {
  if (text === "none") return null;
  const rule = "a rate such as 100/1s, 5/500ms or 1000/1m, or none";
  const parts = /^(?<max>\d+)\/(?<amount>\d*)(?<unit>ms|s|m|h)$/.exec(text)?.groups;
  if (parts === undefined) throw new Error(rule);
  const unitMs = UNIT_MS[parts["unit"] as keyof typeof UNIT_MS];
  const amount = parts["amount"] === "" ? 1 : countOf(parts["amount"] ?? "", rule);
  if (amount * unitMs > LARGEST) throw new Error(rule);
  return { max: countOf(parts["max"] ?? "", rule), durationMs: amount * unitMs };
}

export function parseLane(text: string): Lane {
  const lane = LANES.find((name) => name === text);
  if (lane === undefined) throw new Error(`a lane: ${LANES.join(", ")}`);
  return lane;
}

/** As a person would type it: `100/1s`. */
export function rateText(rate: RateLimit | null): string {
  if (rate === null) return "none";
  const [unit, unitMs] = (Object.entries(UNIT_MS) as [string, number][])
    .filter(([, ms]) => rate.durationMs % ms === 0)
    .at(-1)!;
  return `${rate.max}/${rate.durationMs / unitMs}${unit}`;
}

function countOf(text: string, rule: string): number {
  const count = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > LARGEST) throw new Error(rule);
  return count;
}
