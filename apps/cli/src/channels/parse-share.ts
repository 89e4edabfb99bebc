import { WEIGHTS } from "@millrace/core";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MOST_IN_FLIGHT = 1_000_000;

/** Each reads an argument; what it cannot read is an error that says the rule. */
export function parseChannelId(text: string): string {
  // all zeros stand for the jobs without a channel
  if (!UUID.test(text) || !/[1-9a-f]/i.test(text)) throw new Error("a channel's id, a uuid");
  return text.toLowerCase();
}

export function parseWeight(text: string): number {
  const weight = /^\d{1,3}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (weight < WEIGHTS.least || weight > WEIGHTS.most)
    throw new Error(`a number from ${WEIGHTS.least} to ${WEIGHTS.most}`);
  return weight;
}

export function parseMaxInFlight(text: string): number | null {
  if (text === "none") return null;
  const count = /^\d{1,7}$/.test(text) ? Number(text) : -1;
  if (count < 0 || count > MOST_IN_FLIGHT) throw new Error("a number from 0, or none");
  return count;
}

export function parseActive(text: string): boolean {
  if (text === "yes" || text === "true") return true;
  if (text === "no" || text === "false") return false;
  throw new Error("yes or no");
}
