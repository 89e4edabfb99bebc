import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createMediaTools } from "@millrace/providers";
import { z } from "zod";

const run = promisify(execFile);
const TOOL_MS = 60_000;

const probed = z.object({
  streams: z.array(
    z.object({
      codec_type: z.string().optional(),
      codec_name: z.string().optional(),
      width: z.number().optional(),
      height: z.number().optional(),
    }),
  ),
  format: z.object({ duration: z.coerce.number() }),
});

/** What ffprobe says of a video in one line, and a picture from its middle beside it. */
export async function lookAtVideo(file: string, pictureFile: string): Promise<string> {
  const tools = createMediaTools();
  const ffprobe = await tools.ffprobe();
  const asked = ["-v", "error", "-show_streams", "-show_format", "-of", "json", file];
  const { stdout } = await run(ffprobe.command, asked, { timeout: TOOL_MS });
  const { streams, format } = probed.parse(JSON.parse(stdout));
  const picture = streams.find(({ codec_type }) => codec_type === "video");
  const sound = streams.find(({ codec_type }) => codec_type === "audio");
  const middle = String(format.duration / 2);
  const ffmpeg = await tools.ffmpeg();
  const cut = ["-v", "error", "-y", "-ss", middle, "-i", file, "-frames:v", "1", pictureFile];
  await run(ffmpeg.command, cut, { timeout: TOOL_MS });
  return `${picture?.codec_name} ${picture?.width}×${picture?.height}, ${sound?.codec_name}, ${format.duration.toFixed(1)} s`;
}
