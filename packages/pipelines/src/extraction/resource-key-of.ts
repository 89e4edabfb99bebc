import { createHash } from "node:crypto";
import type { ExtractionInput } from "./input.ts";

/**
 * What an extraction works on (B-Q16): the same bytes, or the same address where they are not known, read in the same way
 * for the same record. Files of a batch are each their own (B2.4: no duplicate check).
 */
export function resourceKeyOf(input: ExtractionInput): string {
  if (input.bulk_id !== null) return `ext:bulk:${input.bulk_id}:${input.bulk_index ?? 0}`;
  const { content_sha256, file_url, format, options, record_id, attachment_id } = input;
  const work = [content_sha256 ?? file_url, format, canonical(options), record_id, attachment_id];
  return `ext:${createHash("sha256").update(JSON.stringify(work)).digest("hex")}`;
}

/** Keys in their order, and lists of names or numbers as the sets that they are. */
function canonical(options: object): [string, unknown][] {
  return Object.entries(options)
    .map(([key, value]): [string, unknown] => [key, Array.isArray(value) ? [...new Set(value)].sort() : value])
    .sort(([one], [other]) => (one < other ? -1 : 1));
}
