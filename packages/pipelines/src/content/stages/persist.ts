import { done } from "@millrace/core";
import { contentEntities } from "../content-entities.ts";
import type { ContentContext, ContentStage } from "../content-stage.ts";
import type { StageNeeds } from "../needs.ts";
import { type ContentResult, contentResult } from "../outputs.ts";
import type { MADE_KEYS } from "../source-facts.ts";
import { whileAway } from "../while-away.ts";
import { withoutFailing } from "../without-failing.ts";
import { readString } from "../work-blobs.ts";

/** The stage has 30 s and a query takes 8 at most. */
const PATIENCE = { waitsMs: [500, 1_500, 4_000], patienceMs: 12_000 };

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
  const { convert: converted, extract_links: links, chunk: chunks, store: stored } = outputs;
  const made = {
    word_count: converted.words,
    character_count: converted.characters,
    metadata_path: stored.metadata_path,
    links: { total: links.total, stored: links.stored, path: stored.links_path },
    chunks: { count: chunks.count, path: stored.chunks_path },
  } satisfies Record<(typeof MADE_KEYS)[number], unknown>;
  return { ...converted.metadata, ...made };
}

function resultOf(context: ContentContext): ContentResult {
  const { input, outputs } = context;
  const { usage, unified_result, pre_detected } = outputs.analyse;
  return contentResult.parse({
    title: outputs.convert.title,
    content_type: outputs.fetch.content_type,
    source_url: outputs.resolve.source_url,
    file_path: outputs.store.file_path,
    file_size: outputs.store.file_size,
    tags: eachOnce([...input.tags, ...outputs.convert.tags]),
    metadata: metadataOf(context),
    unified_result,
    aliases: outputs.analyse.aliases,
    entities: contentEntities(unified_result, pre_detected),
    usage: usage && {
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      calls: usage.calls,
      cost_usd: usage.costUsd,
    },
  });
}

/** Hands the words to text search, which knows nothing of them until the job is completed. */
async function keepText(needs: StageNeeds, context: ContentContext, result: ContentResult): Promise<void> {
  const { job, outputs, signal, log } = context;
  const text = await readString(needs.blobs, outputs.convert.text);
  const kept = {
    jobId: job.id,
    fence: job.fence,
    title: result.title,
    tags: [...result.tags, ...result.unified_result.tags],
    summary: result.unified_result.summary,
    body: text.slice(0, needs.limits.maxSearchedCharacters),
  };
  await whileAway(() => needs.records.keepText(kept), { ...PATIENCE, signal, log, jobId: job.id });
}

/**
 * Assembles the job's result and checks it whole: all of it is kept or nothing. The database copies the result to the
 * content, its entities and aliases in the transaction that completes the job. A content whose words could not be kept
 * is found by title, tags and summary.
 */
export function persist(needs: StageNeeds): ContentStage<"persist"> {
  return async (context) => {
    const result = resultOf(context);
    const { warnings } = await withoutFailing(() => keepText(needs, context, result), {
      signal: context.signal,
      code: "TEXT_NOT_SEARCHABLE",
      fallback: undefined,
    });
    return done(result, warnings);
  };
}
