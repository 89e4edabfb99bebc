import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import type { Narrator } from "../media.ts";
import { describeMade, intoPlace } from "./made-file.ts";
import type { MediaTools, SpeechTool } from "./media-tools.ts";
import { mediaFailed, runTool } from "./run-tool.ts";
import { type Voice, voiceOf } from "./voice-of.ts";
import { readWav, secondsOf, writeWav } from "./wav-file.ts";

const MAX_CHARACTERS = 5_000;
const SPEECH_MS = 120_000;
const require = createRequire(import.meta.url);

/**
 * text2wav blocks its thread and cannot be stopped, so it gets a process of its own. It prints to standard output
 * while it loads: the wav goes to a file.
 */
const TEXT2WAV_PROGRAM = `
const [path, output, options] = process.argv.slice(1);
let text = "";
process.stdin.setEncoding("utf8").on("data", (chunk) => { text += chunk; }).on("end", async () => {
  const wav = await require(path)(text, JSON.parse(options));
  require("node:fs").writeFileSync(output, wav);
});`;

/** Speaks by espeak-ng: a mono wav, 22,050 samples a second. See docs/media.md for the voices. */
export function createLocalNarrator({ tools }: { readonly tools: MediaTools }): Narrator {
  return {
    name: "local",
    async speak({ text, voiceId, outputPath, signal }) {
      const spoken = text.replace(/\p{Cc}+/gu, " ").trim();
      if (!/[\p{L}\p{N}]/u.test(spoken)) throw refused("The text to speak holds no word.");
      if (spoken.length > MAX_CHARACTERS)
        throw refused(`The text to speak is longer than ${MAX_CHARACTERS} characters.`);
      const tool = await tools.speech();
      const seconds = await intoPlace(outputPath, async (partPath, folder) => {
        const rawPath = join(folder, "spoken");
        await speakTo(tool, { text: spoken, voice: voiceOf(voiceId), path: rawPath, signal });
        const wav = readWav(await readFile(rawPath));
        if (wav.samples.every((byte) => byte === 0)) throw mediaFailed(`${tool.name} made only silence.`);
        await writeFile(partPath, writeWav(wav));
        return secondsOf(wav);
      });
      return { ...(await describeMade(outputPath, "audio/wav", spoken.length)), seconds };
    },
  };
}

interface Speech {
  readonly text: string;
  readonly voice: Voice;
  readonly path: string;
  readonly signal: AbortSignal;
}

async function speakTo(tool: SpeechTool, { text, voice, path, signal }: Speech): Promise<void> {
  const { language, variant, wordsPerMinute, pitch } = voice;
  const name = `${language}+${variant}`;
  // The text goes through standard input, with a space before it: "-v" at its start would be read as an option.
  const call = { signal, timeoutMs: SPEECH_MS, input: ` ${text}` };
  if (tool.kind === "espeak-ng") {
    const args = ["-v", name, "-s", String(wordsPerMinute), "-p", String(pitch), "-w", path, "--stdin"];
    await runTool(tool, args, call);
    return;
  }
  const options = JSON.stringify({ voice: name, speed: wordsPerMinute, pitch });
  await runTool(tool, ["-e", TEXT2WAV_PROGRAM, require.resolve("text2wav"), path, options], call);
}

function refused(message: string): MillraceError {
  return new MillraceError("MEDIA_REFUSED", message);
}
