import { definePipeline, type Pipeline } from "@millrace/core";
import { type ContentNeeds, DEFAULT_LIMITS, NO_RECORDS, type StageNeeds } from "./needs.ts";
import { contentSpec } from "./spec.ts";
import { analyse } from "./stages/analyse.ts";
import { chunk } from "./stages/chunk.ts";
import { context } from "./stages/context.ts";
import { convert } from "./stages/convert.ts";
import { extractLinks } from "./stages/extract-links.ts";
import { fetchSource } from "./stages/fetch.ts";
import { persist } from "./stages/persist.ts";
import { resolve } from "./stages/resolve.ts";
import { store } from "./stages/store.ts";

/** Content ingest (A): a file, page or video becomes stored text with tags, tier, summary and entities. */
export function contentPipeline(needs: ContentNeeds): Pipeline {
  const limits = { ...DEFAULT_LIMITS, ...needs.limits };
  const all: StageNeeds = { ...needs, records: needs.records ?? NO_RECORDS, limits };
  return definePipeline(contentSpec({ analyserLane: needs.analyser.lane }), {
    resolve,
    fetch: fetchSource(all),
    convert: convert(all),
    extract_links: extractLinks(all),
    chunk: chunk(all),
    store: store(all),
    context: context(all),
    analyse: analyse(all),
    persist: persist(all),
  });
}
