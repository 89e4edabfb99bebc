import { randomFillSync } from "node:crypto";

/** One id's random bytes, and how many ids are drawn at a time: a draw costs as much as the rest of an id. */
const BYTES = 10;
const IDS_A_DRAW = 400;

const drawn = Buffer.alloc(BYTES * IDS_A_DRAW);
let used = drawn.length;
let lastMs = 0;
let sequence = 0;

/**
 * A uuid v7 (RFC 9562, method 1): 48 bits of milliseconds, a 12-bit counter that keeps ids of one process in order
 * within a millisecond, 62 random bits. When the counter runs out it borrows the next millisecond.
 */
export function newId(now: number = Date.now()): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  const random = drawn.subarray(used, used + BYTES);
  used += BYTES;
  if (now > lastMs) {
    lastMs = now;
    // starts in the lower half, so that the counter has room to grow
    sequence = random.readUInt16BE(8) & 0x7ff;
  } else {
    sequence += 1;
    if (sequence > 0xfff) {
      lastMs += 1;
      sequence = 0;
    }
  }
  const time = lastMs.toString(16).padStart(12, "0");
  const counter = sequence.toString(16).padStart(3, "0");
  const variant = ((random[0]! & 0x3f) | 0x80).toString(16);
  const tail = random.toString("hex", 1, 8);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${variant}${tail.slice(0, 2)}-${tail.slice(2)}`;
}
