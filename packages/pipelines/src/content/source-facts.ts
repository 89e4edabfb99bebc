import type { JsonObject } from "@millrace/core";

/** What the pipeline itself adds to a content's metadata, anew with each run. */
export const MADE_KEYS = ["word_count", "character_count", "metadata_path", "links", "chunks"] as const;

/** What an earlier run's metadata says of the source, without what that run made. */
export function sourceFacts(metadata: JsonObject | undefined): JsonObject {
  const made: readonly string[] = MADE_KEYS;
  return Object.fromEntries(Object.entries(metadata ?? {}).filter(([key]) => !made.includes(key)));
}
