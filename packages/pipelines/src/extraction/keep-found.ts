import type { Blobs, Json, StageWarning } from "@millrace/core";
import type { Extraction } from "@millrace/providers";
import { z } from "zod";
import { keepJson, readJson } from "./found-blobs.ts";
import { type BlobRef, jsonObject, note } from "./outputs.ts";
import { storableJson } from "./storable-json.ts";

const foundShape = z.object({
  content: jsonObject,
  metadata: jsonObject,
  errors: z.array(note),
  warnings: z.array(note),
});
export type Found = z.output<typeof foundShape>;

/** Writes what an extractor found as any reader can take it, and says in it what had to be left out for that. */
export async function keepFound(blobs: Blobs, key: string, found: Extraction): Promise<BlobRef> {
  const { content, metadata, errors, warnings } = found;
  const { value, cutTrees, cutTexts } = storableJson({ content, metadata, errors, warnings });
  const cuts: StageWarning[] = [
    ...(cutTrees > 0 ? [cut("NESTED_TOO_DEEP", "trees were cut at a depth of 100", cutTrees)] : []),
    ...(cutTexts > 0 ? [cut("TEXT_CUT", "texts were cut at a million characters", cutTexts)] : []),
  ];
  const kept = value as { readonly warnings: readonly Json[] };
  return keepJson(blobs, key, { ...kept, warnings: [...kept.warnings, ...(cuts as unknown as Json[])] });
}

export async function readFound(blobs: Blobs, ref: BlobRef): Promise<Found> {
  return foundShape.parse(await readJson(blobs, ref.key));
}

function cut(code: string, what: string, times: number): StageWarning {
  return { code, message: `${times} ${what}`, details: { times } };
}
