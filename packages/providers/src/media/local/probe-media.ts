import { z } from "zod";
import type { MediaTools } from "./media-tools.ts";
import { INPUT_LIMITS } from "./run-ffmpeg.ts";
import { mediaFailed, runTool } from "./run-tool.ts";

const PROBE_MS = 60_000;

const probed = z.object({
  streams: z.array(
    z.object({
      codec_type: z.string().optional(),
      codec_name: z.string().optional(),
      profile: z.string().optional(),
      pix_fmt: z.string().optional(),
      width: z.number().optional(),
      height: z.number().optional(),
      avg_frame_rate: z.string().optional(),
      r_frame_rate: z.string().optional(),
      sample_rate: z.coerce.number().optional(),
      channels: z.number().optional(),
      duration: z.coerce.number().optional(),
    }),
  ),
  format: z.object({ duration: z.coerce.number().optional() }),
});

type ProbedStream = z.infer<typeof probed>["streams"][number];

export interface ProbedMedia {
  readonly seconds: number;
  readonly video: ProbedStream | undefined;
  readonly audio: ProbedStream | undefined;
}

/** What ffprobe says of a file. A file that is no media, or has no length, is MEDIA_FAILED. */
export async function probeMedia(tools: MediaTools, path: string, signal: AbortSignal): Promise<ProbedMedia> {
  const args = ["-v", "error", ...INPUT_LIMITS, "-show_streams", "-show_format", "-of", "json", path];
  const { stdout } = await runTool(await tools.ffprobe(), args, { signal, timeoutMs: PROBE_MS });
  const { streams, format } = readAnswer(stdout);
  const seconds = format.duration ?? Math.max(0, ...streams.map(({ duration }) => duration ?? 0));
  if (!(seconds > 0)) throw mediaFailed("ffprobe finds no length in the file.");
  return {
    seconds,
    video: streams.find(({ codec_type }) => codec_type === "video"),
    audio: streams.find(({ codec_type }) => codec_type === "audio"),
  };
}

function readAnswer(stdout: string): z.infer<typeof probed> {
  try {
    return probed.parse(JSON.parse(stdout));
  } catch (error) {
    throw mediaFailed("ffprobe's answer cannot be read.", error);
  }
}
