import { writeFile } from "node:fs/promises";
import { MillraceError } from "@millrace/core";
import type { ImageKind, ImageMaker } from "../media.ts";
import type { Canvas } from "./images/brush.ts";
import { paintCaption } from "./images/caption.ts";
import { paintCharacter } from "./images/paint-character.ts";
import { paintEnvironment } from "./images/paint-environment.ts";
import { paintProp } from "./images/paint-prop.ts";
import { sceneOf } from "./images/scene-of.ts";
import { type SeededRandom, seededRandom } from "./images/seeded-random.ts";
import { loadSharp } from "./load-sharp.ts";
import { describeMade, intoPlace } from "./made-file.ts";
import { mediaFailed } from "./run-tool.ts";

const MIN_SIDE = 64;
const MAX_SIDE = 4_096;
const MAX_PROMPT_CHARACTERS = 20_000;
/** Inside what a moving camera keeps in view. */
const CAPTION_INSET = 0.13;

/** Draws what the prompt's words name: places with a sky, people and things on nothing, each with its name. */
export function createLocalImageMaker(): ImageMaker {
  return {
    name: "local",
    async makeImage({ prompt, kind, width, height, seed, outputPath, signal }) {
      const isSize = (side: number): boolean => Number.isInteger(side) && side >= MIN_SIDE && side <= MAX_SIDE;
      if (!isSize(width) || !isSize(height)) {
        throw new MillraceError("MEDIA_REFUSED", `An image's sides are ${MIN_SIDE} to ${MAX_SIDE} pixels.`);
      }
      signal.throwIfAborted();
      const words = prompt.slice(0, MAX_PROMPT_CHARACTERS);
      const canvas = { width, height };
      const svg = paint(kind, words, { canvas, random: seededRandom(`${seed}\n${kind}\n${words}`) });
      await intoPlace(outputPath, async (partPath) => {
        const png = await render(svg, { words, canvas, kind });
        signal.throwIfAborted();
        await writeFile(partPath, png);
      });
      return describeMade(outputPath, "image/png", 1);
    },
  };
}

function paint(kind: ImageKind, words: string, { canvas, random }: { canvas: Canvas; random: SeededRandom }): string {
  switch (kind) {
    case "character":
      return paintCharacter(words, canvas, random);
    case "prop":
      return paintProp(words, canvas, random);
    case "environment":
      return paintEnvironment(sceneOf(words), canvas, random);
  }
}

interface Picture {
  readonly words: string;
  readonly canvas: Canvas;
  readonly kind: ImageKind;
}

async function render(svg: string, { words, canvas, kind }: Picture): Promise<Buffer> {
  const sharp = await loadSharp();
  try {
    const isPlace = kind === "environment";
    const caption = await paintCaption(words, { ...canvas, isPlace });
    const { width, height } = canvas;
    const left = (width - (caption?.width ?? 0)) / 2;
    const top = isPlace ? height * CAPTION_INSET : height * 0.995 - (caption?.height ?? 0);
    const layers = caption ? [{ input: caption.png, left: Math.max(0, Math.round(left)), top: Math.round(top) }] : [];
    const image = sharp(Buffer.from(svg)).composite(layers);
    return await (isPlace ? image.removeAlpha() : image.ensureAlpha()).png({ compressionLevel: 6 }).toBuffer();
  } catch (error) {
    throw mediaFailed(`The image could not be drawn: ${(error as Error).message}`, error);
  }
}
