import { createHash } from "node:crypto";

/**
 * The id of the job that extracts one file in one run of its batch: the same however often the run hands the file in. A
 * uuid v7 of the run's own millisecond, because ids say when their jobs were made.
 */
export function fileJobId(runId: string, index: number): string {
  const hash = createHash("sha256").update(`${runId} ${index}`).digest("hex");
  return `${runId.slice(0, 13)}-7${hash.slice(0, 3)}-${inVariant(hash)}-${hash.slice(8, 20)}`;
}

/** The files of an owner's batches take turns with the owner's other jobs, in a channel of their own. */
export function batchChannelId(ownerId: string): string {
  const hash = createHash("sha256").update(`extraction_bulk ${ownerId}`).digest("hex");
  return `${hash.slice(20, 28)}-${hash.slice(28, 32)}-8${hash.slice(0, 3)}-${inVariant(hash)}-${hash.slice(8, 20)}`;
}

/** RFC 9562's variant: the first digit is 8, 9, a or b. */
function inVariant(hash: string): string {
  const digit = (Number.parseInt(hash.slice(3, 4), 16) & 0x3) | 0x8;
  return `${digit.toString(16)}${hash.slice(4, 7)}`;
}
