import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import type { ClipMaker } from "../media.ts";
import { describeMade, intoPlace } from "./made-file.ts";
import type { MediaTools } from "./media-tools.ts";
import { motionOf, zoompanOf } from "./motion-of.ts";
import { openImage } from "./open-image.ts";
import { probeMedia } from "./probe-media.ts";
import { runFfmpeg } from "./run-ffmpeg.ts";
import { mediaFailed } from "./run-tool.ts";

/** Of clips and of finished videos. */
export interface VideoFrame {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
}

export const FULL_HD: VideoFrame = { width: 1920, height: 1080, framesPerSecond: 25 };

export interface LocalClipMakerOptions {
  readonly tools: MediaTools;
  readonly frame?: VideoFrame;
  /** Until a clip is given up, in milliseconds. */
  readonly timeoutMs?: number;
}

const MAX_SECONDS = 60;
/** zoompan places its window on whole pixels: over a larger picture the steps are too small to be seen. */
const ENLARGEMENT = 2;

/** Moves a camera over the still, as the prompt's words ask: H.264 at a constant rate, without sound. */
export function createLocalClipMaker(options: LocalClipMakerOptions): ClipMaker {
  const { tools, frame = FULL_HD, timeoutMs = 600_000 } = options;
  return {
    name: "local",
    async makeClip({ imagePath, prompt, seconds, outputPath, signal, progress }) {
      if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
        throw new MillraceError("MEDIA_REFUSED", `A clip is longer than 0 and at most ${MAX_SECONDS} seconds.`);
      }
      const frames = Math.max(1, Math.round(seconds * frame.framesPerSecond));
      const made = await intoPlace(outputPath, async (partPath, folder) => {
        const stillPath = join(folder, "still.png");
        await enlarge(imagePath, stillPath, frame);
        signal.throwIfAborted();
        const args = clipArguments({ stillPath, prompt, frames, frame, partPath });
        await runFfmpeg(tools, args, { signal, timeoutMs, seconds, progress });
        const probed = await probeMedia(tools, partPath, signal);
        if (probed.video?.codec_name !== "h264") throw mediaFailed("The clip holds no picture.");
        return probed.seconds;
      });
      progress(1);
      return { ...(await describeMade(outputPath, "video/mp4", 1)), seconds: made };
    },
  };
}

/** Whatever image comes, ffmpeg reads a PNG written here, of the frame's proportions. */
async function enlarge(imagePath: string, stillPath: string, { width, height }: VideoFrame): Promise<void> {
  await openImage(await readFile(imagePath), (image) =>
    image
      .resize(width * ENLARGEMENT, height * ENLARGEMENT, { fit: "cover" })
      .flatten({ background: "#000000" })
      .removeAlpha()
      .png({ compressionLevel: 1 })
      .toFile(stillPath),
  );
}

interface ClipPlan {
  readonly stillPath: string;
  readonly prompt: string;
  readonly frames: number;
  readonly frame: VideoFrame;
  readonly partPath: string;
}

function clipArguments({ stillPath, prompt, frames, frame, partPath }: ClipPlan): string[] {
  const { width, height, framesPerSecond } = frame;
  const motion = zoompanOf(motionOf(prompt), frames);
  const filter = `zoompan=${motion}:d=${frames}:s=${width}x${height}:fps=${framesPerSecond},format=yuv420p`;
  const codec = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"];
  const place = ["-frames:v", String(frames), "-movflags", "+faststart", "-f", "mp4", partPath];
  return ["-i", stillPath, "-vf", filter, "-an", ...codec, "-r", String(framesPerSecond), ...place];
}
