import { type JsonObject, MillraceError, type StageWarning } from "@millrace/core";
import type { ContentContext } from "./content-stage.ts";
import type { ContentInput } from "./input.ts";
import type { StageNeeds } from "./needs.ts";
import type { Fetched } from "./outputs.ts";
import { sourceFacts } from "./source-facts.ts";
import { factsOf, isComplete, placeholderTitle } from "./video-facts.ts";
import { withoutFailing } from "./without-failing.ts";
import { keepJson, workKey } from "./work-blobs.ts";

const DEFAULT_LANGUAGE = "en";

export interface Found {
  readonly fetched: Fetched;
  readonly warnings: readonly StageWarning[];
}

interface VideoFacts {
  readonly title: string | null;
  readonly metadata: JsonObject;
}

/** What the caller or an earlier run said of the video. */
function knownFacts(input: ContentInput): VideoFacts {
  const said = input.source === "youtube" ? input.metadata : null;
  const title = input.title ?? said?.title ?? input.reprocess?.title ?? null;
  return { title, metadata: { ...sourceFacts(input.reprocess?.metadata), ...factsOf(said ?? {}) } };
}

/** The video's title and facts; looked up only when what is known lacks something required. Never fatal (A2.3 #4). */
export async function lookUpFacts(
  { youtube }: StageNeeds,
  { input, signal }: ContentContext,
  videoId: string,
): Promise<VideoFacts & { readonly warnings: readonly StageWarning[] }> {
  const known = knownFacts(input);
  if (isComplete(known.title, known.metadata, videoId)) return { ...known, warnings: [] };
  const lookUp = () => youtube.metadata(videoId, { signal });
  const { value: video, warnings } = await withoutFailing(lookUp, {
    signal,
    code: "VIDEO_METADATA_MISSING",
    fallback: null,
  });
  const isPlaceholder = known.title === placeholderTitle(videoId);
  const title = (isPlaceholder ? null : known.title) ?? video?.title ?? null;
  return { title, metadata: { ...(video === null ? {} : factsOf(video)), ...known.metadata }, warnings };
}

async function transcriptOf(
  { blobs, youtube }: StageNeeds,
  { job, input, signal }: ContentContext,
  videoId: string,
): Promise<Pick<Fetched, "raw" | "format"> & { readonly metadata: JsonObject }> {
  if (input.source === "youtube" && input.transcript_blob_key !== null) {
    const raw = await blobs.head(input.transcript_blob_key);
    if (raw === undefined) throw new MillraceError("BLOB_MISSING", "the supplied transcript is gone");
    const format = input.transcript_format === "timestamped" ? "timestamped" : "text";
    return { raw, format, metadata: { language: input.language, transcript_source: "supplied" } };
  }
  const language = input.source === "youtube" ? input.language : DEFAULT_LANGUAGE;
  const transcript = await youtube.transcript(videoId, { language, signal });
  const segments = transcript.segments.map((segment) => ({ ...segment }));
  const raw = await keepJson(blobs, workKey(job.id, "transcript.json"), { language: transcript.language, segments });
  const metadata = { language: transcript.language, segment_count: segments.length, transcript_source: "youtube" };
  return { raw, format: "transcript", metadata };
}

/** A video's transcript, supplied or fetched, and what is known of it. Without a transcript the job fails. */
export async function fetchVideo(needs: StageNeeds, context: ContentContext, videoId: string): Promise<Found> {
  const [transcript, facts] = await Promise.all([
    transcriptOf(needs, context, videoId),
    lookUpFacts(needs, context, videoId),
  ]);
  const fetched: Fetched = {
    content_type: "youtube",
    format: transcript.format,
    raw: { key: transcript.raw.key, bytes: transcript.raw.bytes },
    charset: null,
    source_url: context.outputs.resolve.source_url,
    title: facts.title,
    metadata: { ...facts.metadata, ...transcript.metadata },
  };
  return { fetched, warnings: facts.warnings };
}
