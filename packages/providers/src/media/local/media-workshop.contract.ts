import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMediaTools } from "./media-tools.ts";
import { runFfmpeg } from "./run-ffmpeg.ts";
import { runTool } from "./run-tool.ts";

export const SMALL = { width: 320, height: 180, framesPerSecond: 25 };
const LIMIT_MS = 60_000;

/** A folder, the real tools, and small media to make things of and to look at what was made. */
export async function openWorkshop() {
  const folder = await mkdtemp(join(tmpdir(), "millrace-media-"));
  const tools = createMediaTools();
  const signal = new AbortController().signal;
  const ffmpeg = (...args: string[]) => runFfmpeg(tools, args, { signal, timeoutMs: LIMIT_MS });
  return {
    folder,
    tools,
    signal,
    path: (name: string) => join(folder, name),
    names: async () => (await readdir(folder)).sort(),
    async makeClip(name: string, colour: string, seconds: number): Promise<string> {
      const source = `color=c=${colour}:s=320x180:r=25:d=${seconds}`;
      await ffmpeg("-f", "lavfi", "-i", source, "-c:v", "libx264", "-pix_fmt", "yuv420p", join(folder, name));
      return join(folder, name);
    },
    async makeTone(name: string, hertz: number, seconds: number): Promise<string> {
      await ffmpeg("-f", "lavfi", "-i", `sine=frequency=${hertz}:duration=${seconds}`, join(folder, name));
      return join(folder, name);
    },
    /** The mean colour of the picture at an instant. */
    async colourAt(path: string, second: number): Promise<readonly number[]> {
      const { command } = await tools.ffmpeg();
      const pixel = join(folder, "pixel.raw");
      const args = ["-v", "error", "-y", "-ss", String(second), "-i", path, "-frames:v", "1"];
      const output = ["-vf", "scale=1:1:flags=area", "-f", "rawvideo", "-pix_fmt", "rgb24", pixel];
      await runTool({ name: "ffmpeg", command }, [...args, ...output], { signal, timeoutMs: LIMIT_MS });
      const bytes = await readFile(pixel);
      await rm(pixel);
      return [...bytes];
    },
    filter: (path: string, filter: string, output: string) => ffmpeg("-i", path, "-vn", "-af", filter, output),
    /** Decibels below full scale of the loudest sample and of the whole. */
    async volumeOf(path: string): Promise<{ readonly max: number; readonly mean: number }> {
      const { stderr } = await ffmpeg("-i", path, "-af", "volumedetect", "-f", "null", "-");
      const value = (name: string): number =>
        Number(new RegExp(`${name}_volume: (?<db>[-\\d.]+) dB`).exec(stderr)?.groups?.["db"]);
      return { max: value("max"), mean: value("mean") };
    },
    /** LUFS over all of it. */
    async loudnessOf(path: string): Promise<number> {
      const { stderr } = await ffmpeg("-i", path, "-af", "ebur128", "-f", "null", "-");
      return Number(/Integrated loudness:\s+I:\s+(?<lufs>[-\d.]+) LUFS/.exec(stderr)?.groups?.["lufs"]);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

export type Workshop = Awaited<ReturnType<typeof openWorkshop>>;
