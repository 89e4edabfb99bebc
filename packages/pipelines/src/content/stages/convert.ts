import { done, MillraceError, type StageWarning } from "@millrace/core";
import type { Document, TranscriptSegment } from "@millrace/providers";
import type { ContentContext, ContentStage } from "../content-stage.ts";
import type { StageNeeds } from "../needs.ts";
import type { Fetched } from "../outputs.ts";
import { titleOf } from "../title-of.ts";
import { proseOf, segmentsOf, timestampedOf } from "../transcript-text.ts";
import { workKey } from "../work-blobs.ts";

interface Converted {
  readonly document: Document;
  readonly timestamped: string | null;
}

function isSegments(value: unknown): value is { readonly segments: readonly TranscriptSegment[] } {
  return typeof value === "object" && value !== null && "segments" in value && Array.isArray(value.segments);
}

/** A transcript as running text and with its times. */
function ofSegments(segments: readonly TranscriptSegment[], warnings: readonly StageWarning[]): Converted {
  const text = proseOf(segments);
  if (text === "") throw new MillraceError("CONTENT_EMPTY", "the transcript has no words");
  return {
    document: { title: null, text, metadata: { segment_count: segments.length }, tags: [], warnings },
    timestamped: timestampedOf(segments),
  };
}

async function read(
  { readers }: StageNeeds,
  fetched: Fetched,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<Converted> {
  const plain = (document: Document): Converted => ({ document, timestamped: null });
  switch (fetched.format) {
    case "markdown":
      return plain(await readers.readMarkdown(bytes));
    case "text": {
      const document = await readers.readText(bytes);
      // a transcript's first words are no title
      return plain(fetched.content_type === "youtube" ? { ...document, title: null } : document);
    }
    case "pdf":
      return plain(await readers.readPdf(bytes, { signal }));
    case "html":
      return plain(await readers.readHtml(bytes, { url: fetched.source_url ?? "", charset: fetched.charset }));
    case "timestamped": {
      const { text, warnings } = await readers.readText(bytes);
      return ofSegments(segmentsOf(text), warnings);
    }
    case "transcript": {
      const transcript: unknown = JSON.parse(new TextDecoder().decode(bytes));
      if (!isSegments(transcript)) throw new MillraceError("CONTENT_DAMAGED", "the transcript has no segments");
      return ofSegments(transcript.segments, []);
    }
  }
}

function countWords(text: string): number {
  let words = 0;
  for (const _ of text.matchAll(/\S+/g)) words += 1;
  return words;
}

async function convertTo(needs: StageNeeds, { job, input, outputs, signal }: ContentContext) {
  const fetched = outputs.fetch;
  const bytes = await needs.blobs.get(fetched.raw.key, { maxBytes: needs.limits.maxSourceBytes });
  const { document, timestamped } = await read(needs, fetched, bytes, signal);
  const text = await needs.blobs.put(workKey(job.id, "text.txt"), document.text);
  const times = timestamped === null ? null : await needs.blobs.put(workKey(job.id, "timestamped.txt"), timestamped);
  const output = {
    title: titleOf({ input, fetched, read: document.title, videoId: outputs.resolve.video_id }),
    text,
    timestamped: times,
    characters: document.text.length,
    words: countWords(document.text),
    tags: [...document.tags],
    metadata: { ...fetched.metadata, ...document.metadata },
  };
  return done(output, document.warnings);
}

/** Turns the bytes into text, title, metadata and tags with the reader of their format. */
export function convert(needs: StageNeeds): ContentStage<"convert"> {
  return (context) => convertTo(needs, context);
}
