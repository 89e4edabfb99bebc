import { createHash } from "node:crypto";

/** Ours; a change would give every event a second identity. */
const NAMESPACE = Buffer.from("6f1a4c1e9b0d5f3a8e27c4d2b1a09f58", "hex");

/**
 * The id of "this job ended so": a UUIDv5 (RFC 9562) of job id and event, the same over every attempt and redelivery
 * (A-Q11), so that a receiver can tell a repetition.
 */
export function callbackEventId(jobId: string, event: string): string {
  const digest = createHash("sha1").update(NAMESPACE).update(`${jobId} ${event}`).digest();
  digest[6] = (digest[6]! & 0x0f) | 0x50;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  const hex = digest.toString("hex", 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
