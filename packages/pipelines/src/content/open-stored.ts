import { derivedPath } from "./content-folder.ts";
import type { ContentContext } from "./content-stage.ts";
import { type Found, lookUpFacts } from "./fetch-video.ts";
import type { ContentType } from "./input.ts";
import type { StageNeeds } from "./needs.ts";
import type { Format } from "./outputs.ts";

import { sourceFacts } from "./source-facts.ts";

/** What the store stage writes for each type. */
const STORED_FORMATS: Readonly<Record<ContentType, Format>> = {
  youtube: "text",
  web: "markdown",
  markdown: "markdown",
  text: "text",
  pdf: "pdf",
};

export const TIMESTAMPED_NAME = "transcript.timestamped.txt";

/** On a reprocess: the content as it was stored, with what was known of it; undefined when there is none (A-S23). */
export async function openStored(needs: StageNeeds, context: ContentContext): Promise<Found | undefined> {
  const { input, outputs } = context;
  const { stored_path: path, video_id: videoId, source_url } = outputs.resolve;
  const type = input.reprocess?.content_type ?? null;
  if (path === null || type === null) return undefined;
  const stored = await needs.blobs.head(path);
  if (stored === undefined || stored.bytes === 0) return undefined;
  const timed = type === "youtube" ? await needs.blobs.head(derivedPath(path, TIMESTAMPED_NAME)) : undefined;
  const raw = timed ?? stored;
  const known = { title: input.reprocess?.title ?? null, metadata: sourceFacts(input.reprocess?.metadata) };
  const facts =
    type === "youtube" && videoId !== null ? await lookUpFacts(needs, context, videoId) : { ...known, warnings: [] };
  return {
    fetched: {
      content_type: type,
      format: timed === undefined ? STORED_FORMATS[type] : "timestamped",
      raw: { key: raw.key, bytes: raw.bytes },
      charset: null,
      source_url,
      title: facts.title,
      metadata: facts.metadata,
    },
    warnings: facts.warnings,
  };
}
