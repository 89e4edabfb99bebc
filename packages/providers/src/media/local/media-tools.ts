import { createRequire } from "node:module";
import { type Finding, MillraceError } from "@millrace/core";
import { runTool, type Tool } from "./run-tool.ts";

/** What speaks: the program, or its WebAssembly build in a Node.js process of its own. */
export type SpeechTool = Tool & { readonly kind: "espeak-ng" | "text2wav" };

/** The programs local media is made with, looked up at first use. A missing one is MEDIA_TOOL_MISSING. */
export interface MediaTools {
  ffmpeg(): Promise<Tool>;
  ffprobe(): Promise<Tool>;
  speech(): Promise<SpeechTool>;
}

export interface MediaToolsOptions {
  /** Names or paths tried first. */
  readonly commands?: { readonly ffmpeg?: string; readonly ffprobe?: string; readonly speech?: string };
  /** Whether the copies that came with npm's optional packages count. On by default. */
  readonly usePackages?: boolean;
}

const LOOK_MS = 20_000;
const require = createRequire(import.meta.url);

const FFMPEG_FIX = "Install ffmpeg (Debian and Ubuntu: apt-get install ffmpeg; macOS: brew install ffmpeg).";
const SPEECH_FIX = "Install espeak-ng (Debian and Ubuntu: apt-get install espeak-ng; macOS: brew install espeak-ng).";

/** On PATH first, else in the optional npm packages. What was found is remembered, what was missing is looked for again. */
export function createMediaTools({ commands = {}, usePackages = true }: MediaToolsOptions = {}): MediaTools {
  return {
    ffmpeg: remembered(async () => {
      const isUsable = (banner: string): boolean => banner.includes("--enable-libx264");
      const found =
        (await look({ name: "ffmpeg", command: commands.ffmpeg ?? "ffmpeg", isUsable })) ??
        (usePackages ? await fromPackage("ffmpeg", "@ffmpeg-installer/ffmpeg") : undefined);
      return found ?? missing("ffmpeg (with libx264)", FFMPEG_FIX);
    }),
    ffprobe: remembered(async () => {
      const found =
        (await look({ name: "ffprobe", command: commands.ffprobe ?? "ffprobe" })) ??
        (usePackages ? await fromPackage("ffprobe", "@ffprobe-installer/ffprobe") : undefined);
      return found ?? missing("ffprobe", FFMPEG_FIX);
    }),
    speech: remembered(async () => {
      const program = await look({ name: "espeak-ng", command: commands.speech ?? "espeak-ng", flag: "--version" });
      if (program !== undefined) return { ...program, kind: "espeak-ng" };
      const version = usePackages ? versionOfPackage("text2wav") : undefined;
      if (version === undefined) return missing("espeak-ng", SPEECH_FIX);
      return { name: "text2wav", command: process.execPath, version, foundIn: "npm", kind: "text2wav" };
    }),
  };
}

/** For `millrace doctor`: which programs local media is made with. Missing ones matter only to video tasks. */
export async function examineMediaTools(tools: MediaTools = createMediaTools()): Promise<readonly Finding[]> {
  return Promise.all([
    examine("ffmpeg", tools.ffmpeg),
    examine("ffprobe", tools.ffprobe),
    examine("espeak_ng", tools.speech),
  ]);
}

async function examine(name: string, find: () => Promise<Tool>): Promise<Finding> {
  const check = `program_${name}`;
  try {
    const tool = await find();
    const place = tool.foundIn === "npm" ? "from its npm package" : "on PATH";
    return { check, severity: "ok", message: `${tool.name} ${tool.version}, ${place}` };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    const fix = String(error.details["fix"] ?? "Install it.");
    return { check, severity: "warning", message: `${error.message} Video tasks cannot be made here without it.`, fix };
  }
}

interface Wanted {
  readonly name: string;
  readonly command: string;
  readonly flag?: string;
  readonly isUsable?: (banner: string) => boolean;
  readonly foundIn?: Tool["foundIn"];
}

async function look(wanted: Wanted): Promise<Tool | undefined> {
  const { name, command, flag = "-version", isUsable = () => true, foundIn = "path" } = wanted;
  try {
    const signal = new AbortController().signal;
    const { stdout } = await runTool({ name, command }, [flag], { signal, timeoutMs: LOOK_MS });
    if (!isUsable(stdout)) return undefined;
    return { name, command, version: versionIn(stdout), foundIn };
  } catch {
    return undefined;
  }
}

/** `ffmpeg version 5.1.9-0+deb12u1 Copyright …`, `eSpeak NG text-to-speech: 1.51  Data at: …`. */
function versionIn(banner: string): string {
  return /(?:version|text-to-speech:)\s+(?<version>\S{1,40})/.exec(banner)?.groups?.["version"] ?? "unknown";
}

async function fromPackage(name: string, packageName: string): Promise<Tool | undefined> {
  const command = pathInPackage(packageName);
  return command === undefined ? undefined : look({ name, command, foundIn: "npm" });
}

/** These packages throw a string where they have nothing for this platform. */
function pathInPackage(packageName: string): string | undefined {
  try {
    return (require(packageName) as { readonly path: string }).path;
  } catch {
    return undefined;
  }
}

function versionOfPackage(packageName: string): string | undefined {
  try {
    return (require(`${packageName}/package.json`) as { readonly version: string }).version;
  } catch {
    return undefined;
  }
}

function missing(what: string, fix: string): never {
  throw new MillraceError("MEDIA_TOOL_MISSING", `${what} is not installed.`, { details: { fix, tool: what } });
}

function remembered<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined;
  return () => {
    found ??= find().catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
}
