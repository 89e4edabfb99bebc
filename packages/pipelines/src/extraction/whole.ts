import type { Json, JsonObject } from "@millrace/core";
import type { ExtractionFormat } from "@millrace/providers";
import type { Found } from "./keep-found.ts";
import type { Envelope } from "./outputs.ts";

export interface FileFacts {
  readonly filename: string;
  readonly format: ExtractionFormat;
  /** Bytes. */
  readonly fileSize: number;
}

/** What every format has in common, and the format's own fields (B2.3). */
export function wholeOf(found: Found, file: FileFacts): { readonly envelope: Envelope; readonly fields: JsonObject } {
  const fields = found.content;
  const envelope: Envelope = {
    source_file: file.filename,
    source_type: file.format,
    success: true,
    metadata: found.metadata,
    errors: found.errors,
    warnings: found.warnings,
    file_size: file.fileSize,
    counts: lengthsOf(fields),
  };
  return { envelope, fields };
}

function lengthsOf(fields: JsonObject): Record<string, number> {
  const lists = Object.entries(fields).filter((entry): entry is [string, readonly Json[]] => Array.isArray(entry[1]));
  return Object.fromEntries(lists.map(([name, list]) => [name, list.length]));
}

const MAX_NOTES = 100;
const MAX_METADATA = 65_536;
const MAX_COUNTS = 500;

/** The envelope as a row can hold it: the whole has the rest. */
export function envelopeForRow(envelope: Envelope): Envelope {
  const isLarge = JSON.stringify(envelope.metadata).length > MAX_METADATA;
  const left = [
    ...(isLarge ? ["metadata"] : []),
    ...(envelope.errors.length > MAX_NOTES ? ["errors"] : []),
    ...(envelope.warnings.length > MAX_NOTES ? ["warnings"] : []),
    ...(Object.keys(envelope.counts).length > MAX_COUNTS ? ["counts"] : []),
  ];
  if (left.length === 0) return envelope;
  const message = `only the whole result has all of ${left.join(", ")}`;
  return {
    ...envelope,
    metadata: isLarge ? {} : envelope.metadata,
    errors: envelope.errors.slice(0, MAX_NOTES),
    warnings: [...envelope.warnings.slice(0, MAX_NOTES), { code: "ENVELOPE_CUT", message, details: { fields: left } }],
    counts: Object.fromEntries(Object.entries(envelope.counts).slice(0, MAX_COUNTS)),
  };
}
