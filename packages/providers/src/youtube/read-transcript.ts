import { MillraceError } from "@millrace/core";
import { z } from "zod";
import { type Ask, parseJson, SITE } from "./ask-youtube.ts";
import type { Player } from "./open-player.ts";
import type { Transcript, TranscriptSegment } from "./youtube.ts";

/** A day of speech at five segments a second is 430,000; more is no transcript. */
const MAX_SEGMENTS = 500_000;

const timedText = z.object({
  events: z
    .array(
      z.object({
        tStartMs: z.number().default(0),
        segs: z.array(z.object({ utf8: z.string().default("") })).default([]),
      }),
    )
    .default([]),
});

type Track = NonNullable<NonNullable<Player["captions"]>["caption_tracks"]>[number];

const primary = (language: string): string => language.toLowerCase().split("-")[0] ?? "";

/** The wanted language before English before any, and what people wrote before what a machine heard. */
function chooseTrack(tracks: readonly Track[], language: string): Track | undefined {
  const rank = ({ language_code: code, kind }: Track): number => {
    const isExact = code.toLowerCase() === language.toLowerCase();
    const near = isExact ? 0 : primary(code) === primary(language) ? 1 : primary(code) === "en" ? 2 : 3;
    return near * 2 + (kind === "asr" ? 1 : 0);
  };
  return [...tracks].sort((one, other) => rank(one) - rank(other))[0];
}

function segmentsOf(answer: unknown): TranscriptSegment[] {
  const { events } = timedText.parse(answer);
  return events
    .slice(0, MAX_SEGMENTS)
    .map(({ tStartMs, segs }) => ({
      startSeconds: tStartMs / 1000,
      text: segs
        .map(({ utf8 }) => utf8)
        .join("")
        .trim(),
    }))
    .filter(({ text }) => text !== "");
}

function unavailable(message: string, cause?: unknown): MillraceError {
  return new MillraceError("TRANSCRIPT_UNAVAILABLE", message, { cause });
}

/** A video's captions with their times. TRANSCRIPT_UNAVAILABLE when it has none that can be read. */
export async function readTranscript(ask: Ask, player: Player, language: string): Promise<Transcript> {
  const track = chooseTrack(player.captions?.caption_tracks ?? [], language);
  if (track === undefined) throw unavailable("the video has no captions");
  const url = new URL(track.base_url, SITE);
  url.searchParams.set("fmt", "json3");
  const answer = await ask(url.href);
  if (answer.body.length === 0) throw unavailable("YouTube gave an empty transcript");
  let segments: TranscriptSegment[];
  try {
    segments = segmentsOf(parseJson(answer));
  } catch (cause) {
    throw unavailable("YouTube's transcript was not understood", cause);
  }
  if (segments.length === 0) throw unavailable("the video's captions have no words");
  return { language: track.language_code, segments };
}
