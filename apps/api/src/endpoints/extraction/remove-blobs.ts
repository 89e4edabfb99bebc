import type { EndpointNeeds } from "../needs.ts";

const AT_A_TIME = 16;

/** Best effort: the rows that named them are gone, so what stays behind is logged. How many went. */
export async function removeBlobs(
  { blobs, log }: Pick<EndpointNeeds, "blobs" | "log">,
  keys: readonly string[],
): Promise<number> {
  let removed = 0;
  for (let start = 0; start < keys.length; start += AT_A_TIME) {
    const outcomes = await Promise.allSettled(keys.slice(start, start + AT_A_TIME).map((key) => blobs.delete(key)));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === "fulfilled") removed++;
      else log.warn({ err: outcome.reason, blob_key: keys[start + index] }, "file of a deleted extraction left behind");
    }
  }
  return removed;
}
