import { done } from "@millrace/core";
import type { ContentStage } from "../content-stage.ts";
import type { StageNeeds } from "../needs.ts";
import type { Chunked } from "../outputs.ts";
import { splitChunks } from "../split-chunks.ts";
import { withoutFailing } from "../without-failing.ts";
import { keepJson, readString, workKey } from "../work-blobs.ts";

function* firstOf<T>(items: Iterable<T>, limit: number): Generator<T> {
  let left = limit;
  for (const item of items) {
    if (left === 0) return;
    left -= 1;
    yield item;
  }
}

/** Cuts the text into overlapping pieces for search. A content without chunks is still a content. */
export function chunk({ blobs, limits }: StageNeeds): ContentStage<"chunk"> {
  return async ({ job, outputs, signal }) => {
    const split = async (): Promise<Chunked> => {
      const text = await readString(blobs, outputs.convert.text);
      const sizes = { characters: limits.chunkCharacters, overlap: limits.chunkOverlap };
      const chunks = [...firstOf(splitChunks(text, sizes), limits.maxChunks)].map((piece) => ({ ...piece }));
      return { count: chunks.length, chunks: await keepJson(blobs, workKey(job.id, "chunks.json"), chunks) };
    };
    const fallback: Chunked = { count: 0, chunks: null };
    const { value, warnings } = await withoutFailing(split, { signal, code: "CHUNKS_FAILED", fallback });
    const cut = { code: "CHUNKS_CUT", message: `only the first ${limits.maxChunks} chunks were kept` };
    return done(value, value.count === limits.maxChunks ? [...warnings, cut] : warnings);
  };
}
