import type { Blobs, Json } from "@millrace/core";
import type { BlobRef } from "./outputs.ts";

/**
 * Where a job leaves what is too large for its row. Names are fixed, so a stage that runs twice overwrites its own work;
 * everything below the prefix can go once the job is over and purged.
 */
export function workKey(jobId: string, name: string): string {
  return `jobs/${jobId}/${name}`;
}

export async function keepJson(blobs: Blobs, key: string, value: Json): Promise<BlobRef> {
  return blobs.put(key, JSON.stringify(value));
}

export async function readJson(blobs: Blobs, ref: BlobRef): Promise<Json> {
  return JSON.parse(await readString(blobs, ref)) as Json;
}

export async function readString(blobs: Blobs, ref: BlobRef): Promise<string> {
  return new TextDecoder().decode(await blobs.get(ref.key));
}
