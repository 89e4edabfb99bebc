import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import type { Assembler, AssemblyClip, VideoFacts } from "../media.ts";
import { FULL_HD, type VideoFrame } from "./local-clip-maker.ts";
import { LEVELLED, levelledAsMeasured, MEASURE, SOUND_BELOW_VOICE_DB } from "./loudness.ts";
import { describeMade, intoPlace } from "./made-file.ts";
import type { MediaTools } from "./media-tools.ts";
import { probeMedia } from "./probe-media.ts";
import { inputFile, inputList, runFfmpeg } from "./run-ffmpeg.ts";
import { mediaFailed } from "./run-tool.ts";
import { planSegments, type Segment } from "./segment-plan.ts";

export interface LocalAssemblerOptions {
  readonly tools: MediaTools;
  readonly frame?: VideoFrame;
  /** Until one clip, or the joining, is given up, in milliseconds. */
  readonly timeoutMs?: number;
}

const MAX_CLIPS = 100;
/** Between the video's length and its narrations' together. */
const TOLERANCE_SECONDS = 0.5;
/** Cutting the clips takes most of the time; the rest is joining them. */
const CUTTING_SHARE = 0.85;

interface Work extends Required<LocalAssemblerOptions> {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: (share: number) => void;
}

/**
 * Cuts every clip to its narration's length or freezes its last picture, mixes voice and sound, and joins them by hard
 * cuts: H.264 high and AAC, the index in front, about −16 LUFS. What was made is checked before it takes its place.
 */
export function createLocalAssembler(options: LocalAssemblerOptions): Assembler {
  const { tools, frame = FULL_HD, timeoutMs = 600_000 } = options;
  return {
    async assemble({ clips, outputPath, signal, progress }) {
      if (clips.length === 0 || clips.length > MAX_CLIPS) {
        throw new MillraceError("MEDIA_REFUSED", `A video has 1 to ${MAX_CLIPS} clips, not ${clips.length}.`);
      }
      const facts = await intoPlace(outputPath, async (partPath, folder) => {
        const work: Work = { tools, frame, timeoutMs, folder, signal, progress };
        const narrations: number[] = [];
        for (const { narrationPath } of clips)
          narrations.push((await probeMedia(tools, narrationPath, signal)).seconds);
        const segments = planSegments(narrations, frame.framesPerSecond);
        await cutClips(clips, segments, work);
        await joinClips(segments, partPath, work);
        const spokenSeconds = narrations.reduce((sum, seconds) => sum + seconds, 0);
        return check(partPath, spokenSeconds, work);
      });
      progress(1);
      const made = await describeMade(outputPath, "video/mp4", facts.seconds);
      return { ...made, facts: { ...facts, bytes: made.bytes } };
    },
  };
}

const picturesOf = (folder: string, index: number): string => join(folder, `${index}.mp4`);
const soundOf = (folder: string, index: number): string => join(folder, `${index}.wav`);

async function cutClips(clips: readonly AssemblyClip[], segments: readonly Segment[], work: Work): Promise<void> {
  const { tools, frame, timeoutMs, folder, signal, progress } = work;
  const total = segments.reduce((sum, { seconds }) => sum + seconds, 0);
  let done = 0;
  for (const [index, clip] of clips.entries()) {
    const segment = segments[index];
    if (segment === undefined) break;
    const { seconds } = segment;
    const before = done;
    await runFfmpeg(tools, cutArguments(clip, segment, { frame, folder, index }), {
      signal,
      timeoutMs,
      seconds,
      progress: (share) => progress(((before + share * seconds) / total) * CUTTING_SHARE),
    });
    done += seconds;
  }
}

interface Place {
  readonly frame: VideoFrame;
  readonly folder: string;
  readonly index: number;
}

function cutArguments(clip: AssemblyClip, { frames, seconds }: Segment, { frame, folder, index }: Place): string[] {
  const { width, height, framesPerSecond } = frame;
  const size = `${width}:${height}`;
  const pictures =
    `[0:v]fps=${framesPerSecond},scale=${size}:force_original_aspect_ratio=decrease,pad=${size}:(ow-iw)/2:(oh-ih)/2,` +
    `setsar=1,tpad=stop_mode=clone:stop_duration=${seconds},trim=end_frame=${frames},format=yuv420p[v]`;
  const stereo = "aresample=48000,aformat=channel_layouts=stereo";
  const exact = `apad,atrim=0:${seconds}`;
  const mix =
    `[1:a]${stereo},${LEVELLED},${exact}[voice];[2:a]${stereo},${LEVELLED},volume=${SOUND_BELOW_VOICE_DB}dB,${exact}[sound];` +
    // amix halves both.
    "[voice][sound]amix=inputs=2:duration=first,volume=2,alimiter=limit=0.9:level=0[a]";
  const codec = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-profile:v", "high", "-pix_fmt", "yuv420p"];
  return [
    ...[clip.videoPath, clip.narrationPath, clip.soundPath].flatMap(inputFile),
    ...["-filter_complex", `${pictures};${mix}`],
    ...["-map", "[v]", ...codec, "-r", String(framesPerSecond), "-video_track_timescale", "90000"],
    ...["-f", "mp4", picturesOf(folder, index)],
    ...["-map", "[a]", "-c:a", "pcm_s16le", "-f", "wav", soundOf(folder, index)],
  ];
}

/** Pictures are copied as they are; the sound is measured as a whole, then levelled as a whole. */
async function joinClips(segments: readonly Segment[], partPath: string, work: Work): Promise<void> {
  const { tools, timeoutMs, folder, signal, progress } = work;
  const list = async (name: string, pathOf: typeof soundOf): Promise<string[]> => {
    const path = join(folder, name);
    // Names relative to the list, and ours: nothing in them to quote.
    const lines = segments.map((_, index) => `file ${pathOf("", index)}\n`);
    await writeFile(path, lines.join(""));
    return inputList(path);
  };
  const pictures = await list("pictures.txt", picturesOf);
  const sounds = await list("sounds.txt", soundOf);
  const seconds = segments.reduce((sum, segment) => sum + segment.seconds, 0);
  const limits = { signal, timeoutMs, seconds };
  const { stderr } = await runFfmpeg(tools, [...sounds, "-af", MEASURE, "-f", "null", "-"], limits);
  const audio = ["-c:a", "aac", "-b:a", "192k", "-ar", "48000", "-ac", "2", "-af", levelledAsMeasured(stderr)];
  const maps = ["-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy"];
  await runFfmpeg(
    tools,
    [
      ...pictures,
      ...sounds,
      ...maps,
      ...audio,
      "-t",
      String(seconds),
      "-movflags",
      "+faststart",
      "-f",
      "mp4",
      partPath,
    ],
    { ...limits, progress: (share) => progress(CUTTING_SHARE + share * (1 - CUTTING_SHARE)) },
  );
}

async function check(path: string, spokenSeconds: number, work: Work): Promise<Omit<VideoFacts, "bytes">> {
  const { seconds, video, audio } = await probeMedia(work.tools, path, work.signal);
  const { width, height } = work.frame;
  if (video?.codec_name !== "h264" || audio?.codec_name !== "aac") {
    throw mediaFailed("The assembled video lacks its H.264 pictures or its AAC sound.");
  }
  if (video.width !== width || video.height !== height) {
    throw mediaFailed(`The assembled video is ${video.width} × ${video.height}, not ${width} × ${height}.`);
  }
  if (Math.abs(seconds - spokenSeconds) > TOLERANCE_SECONDS) {
    const lengths = `${seconds.toFixed(2)} s, its narrations ${spokenSeconds.toFixed(2)} s`;
    throw mediaFailed(`The assembled video lasts ${lengths}.`);
  }
  return { seconds, width, height, videoCodec: video.codec_name, audioCodec: audio.codec_name };
}
