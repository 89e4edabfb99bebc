import { LANES, type Lane } from "@millrace/core";

const DEFAULT_CONCURRENCY: Record<Lane, number> = { io: 50, cpu: 2, media: 1 };
const MAX_CONCURRENCY = 2_000;

/** `io,cpu` or `io:100,cpu:2`: which lanes to serve and how many jobs of each at a time. Throws naming what is wrong. */
export function parseLanes(text: string): Partial<Record<Lane, number>> {
  const lanes: Partial<Record<Lane, number>> = {};
  for (const part of text.split(",").map((p) => p.trim())) {
    const [name = "", count] = part.split(":");
    const lane = LANES.find((l) => l === name);
    if (lane === undefined) throw new Error(`"${name}" is no lane; there are ${LANES.join(", ")}`);
    const concurrency = count === undefined ? DEFAULT_CONCURRENCY[lane] : Number(count);
    if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
      throw new Error(`"${part}": at a time means a whole number from 1 to ${MAX_CONCURRENCY}`);
    }
    lanes[lane] = concurrency;
  }
  return lanes;
}
