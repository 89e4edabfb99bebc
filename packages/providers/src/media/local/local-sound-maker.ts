import { MillraceError } from "@millrace/core";
import type { SoundMaker } from "../media.ts";
import { describeMade, intoPlace } from "./made-file.ts";
import type { MediaTools } from "./media-tools.ts";
import { probeMedia } from "./probe-media.ts";
import { runFfmpeg } from "./run-ffmpeg.ts";
import { soundLayers } from "./sound-layers.ts";

const SOUND_MS = 180_000;
const MAX_SECONDS = 120;
const FADE_SECONDS = 0.15;

/** Noise and tones chosen by the description's words: a stereo wav, 48,000 samples a second. */
export function createLocalSoundMaker({ tools }: { readonly tools: MediaTools }): SoundMaker {
  return {
    name: "local",
    async makeSound({ description, seconds, outputPath, signal }) {
      if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
        throw new MillraceError("MEDIA_REFUSED", `A sound is longer than 0 and at most ${MAX_SECONDS} seconds.`);
      }
      const made = await intoPlace(outputPath, async (partPath) => {
        const graph = soundGraph(description, seconds);
        const output = ["-map", "[out]", "-t", String(seconds), "-c:a", "pcm_s16le", "-f", "wav", partPath];
        await runFfmpeg(tools, ["-filter_complex", graph, ...output], { signal, timeoutMs: SOUND_MS });
        return (await probeMedia(tools, partPath, signal)).seconds;
      });
      return { ...(await describeMade(outputPath, "audio/wav", seconds)), seconds: made };
    },
  };
}

/** The sources end by themselves; the mix is limited, spread to two channels, and fades at both ends. */
function soundGraph(description: string, seconds: number): string {
  const layers = soundLayers(description);
  const sources = layers.map(
    // amix divides by the number of its inputs; older releases cannot be told not to.
    ({ graph, volume }, index) => `${graph},volume=${volume * layers.length},atrim=0:${seconds}[l${index}]`,
  );
  const inputs = layers.map((_, index) => `[l${index}]`).join("");
  const fade = Math.min(FADE_SECONDS, seconds / 4);
  const fades = `afade=t=in:d=${fade},afade=t=out:st=${seconds - fade}:d=${fade}`;
  const stereo = "aformat=channel_layouts=mono,asplit[a][b];[b]adelay=12[c];[a][c]join=inputs=2:channel_layout=stereo";
  const mix = `${inputs}amix=inputs=${layers.length},alimiter=limit=0.7:level=0,${stereo},atrim=0:${seconds},${fades}[out]`;
  return [...sources, mix].join(";");
}
