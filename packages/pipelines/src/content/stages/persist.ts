import { done } from "@millrace/core";
import type { ContentContext, ContentStage } from "../content-stage.ts";
import { contentResult } from "../outputs.ts";
import type { MADE_KEYS } from "../source-facts.ts";

/** Each tag once, whatever its case, in the order they come. */
function eachOnce(tags: readonly string[]): string[] {
  const seen = new Map<string, string>();
  for (const tag of tags.map((tag) => tag.trim())) {
    const key = tag.toLowerCase();
    if (key !== "" && !seen.has(key)) seen.set(key, tag);
  }
  return [...seen.values()];
}

function metadataOf({ outputs }: ContentContext) {
  const { convert: converted, extract_links: links, chunk: chunks, store: stored, analyse } = outputs;
  const made = {
    word_count: converted.words,
    character_count: converted.characters,
    metadata_path: stored.metadata_path,
    links: { total: links.total, stored: links.stored, path: stored.links_path },
    chunks: { count: chunks.count, path: stored.chunks_path },
    // null, not absent: a compact run after a full one must not inherit its trace
    trace: analyse.trace?.key ?? null,
  } satisfies Record<(typeof MADE_KEYS)[number], unknown>;
  return { ...converted.metadata, ...made };
}

/**
 * Assembles the job's result and checks it whole: all of it is kept or nothing. Writes nothing itself; the database
 * copies the result to the content in the transaction that completes the job.
 */
export const persist: ContentStage<"persist"> = async (context) => {
  const { input, outputs } = context;
  const { usage } = outputs.analyse;
  const result = {
    title: outputs.convert.title,
    content_type: outputs.fetch.content_type,
    source_url: outputs.resolve.source_url,
    file_path: outputs.store.file_path,
    file_size: outputs.store.file_size,
    tags: eachOnce([...input.tags, ...outputs.convert.tags]),
    metadata: metadataOf(context),
    unified_result: outputs.analyse.unified_result,
    aliases: outputs.analyse.aliases,
    usage: usage && {
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      calls: usage.calls,
      cost_usd: usage.costUsd,
    },
  };
  return done(contentResult.parse(result));
};
