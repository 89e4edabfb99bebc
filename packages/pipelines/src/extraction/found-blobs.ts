import { type Blobs, type Json, MillraceError } from "@millrace/core";
import type { BlobRef } from "./outputs.ts";

/**
 * Where a job leaves what is too large for its row. Names are fixed, so a stage that runs twice overwrites its own work;
 * everything below the prefix goes when the job is purged.
 */
export function workKey(jobId: string, name: string): string {
  return `jobs/${jobId}/${name}`;
}

/** Where a result stays, for as long as the extraction does. */
export function resultKey(ownerId: string, extractionId: string, jobId: string): string {
  return `${ownerId}/extractions/${extractionId}/${jobId}.json`;
}

export async function keepJson(blobs: Blobs, key: string, value: object): Promise<BlobRef> {
  return blobs.put(key, jsonOf(value));
}

export async function readJson(blobs: Blobs, key: string): Promise<Json> {
  return JSON.parse(new TextDecoder().decode(await blobs.get(key))) as Json;
}

/** A text has an end: V8 refuses strings past 512 MiB with a RangeError. */
function jsonOf(value: object): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new MillraceError("CONTENT_TOO_COMPLEX", "what was found in the file is too much to be written down", {
      cause,
    });
  }
}
