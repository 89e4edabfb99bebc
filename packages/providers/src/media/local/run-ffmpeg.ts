import type { MediaTools } from "./media-tools.ts";
import { runTool, type ToolOutput } from "./run-tool.ts";

const MEDIA_FORMATS = "mov,wav,mp3,ogg,aac,flac,matroska";

/** For every input: a file that is in truth a playlist must not make ffmpeg open other files or addresses. */
export const INPUT_LIMITS = ["-protocol_whitelist", "file,pipe", "-format_whitelist", MEDIA_FORMATS] as const;

export interface FfmpegCall {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** With `progress`: how long what is made will be. */
  readonly seconds?: number;
  readonly progress?: (share: number) => void;
}

/** The arguments that make an input of a file of ours. */
export function inputFile(path: string): string[] {
  return [...INPUT_LIMITS, "-i", path];
}

/** The arguments that make an input of the files a list of ours names, one after the other. */
export function inputList(path: string): string[] {
  return [
    "-protocol_whitelist",
    "file,pipe",
    "-format_whitelist",
    `concat,${MEDIA_FORMATS}`,
    "-f",
    "concat",
    "-i",
    path,
  ];
}

/** Runs ffmpeg; its last lines are in the error when it fails. */
export async function runFfmpeg(tools: MediaTools, args: readonly string[], call: FfmpegCall): Promise<ToolOutput> {
  const { signal, timeoutMs, seconds = 0, progress } = call;
  const isWatched = progress !== undefined && seconds > 0;
  const watch = isWatched ? ["-progress", "pipe:1"] : [];
  const common = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "info", "-y", ...watch];
  const onLine = (line: string): void => {
    const reached = secondsReached(line);
    if (reached !== undefined) progress?.(Math.min(1, reached / seconds));
  };
  return runTool(await tools.ffmpeg(), [...common, ...args], { signal, timeoutMs, ...(isWatched && { onLine }) });
}

/** `out_time=00:00:03.480000`; its neighbours in micro- and milliseconds differ between releases. */
function secondsReached(line: string): number | undefined {
  const match = /^out_time=(?<hours>\d+):(?<minutes>\d+):(?<seconds>[\d.]+)$/.exec(line)?.groups;
  if (match === undefined) return undefined;
  return Number(match["hours"]) * 3_600 + Number(match["minutes"]) * 60 + Number(match["seconds"]);
}
