import { readFile, writeFile } from "node:fs/promises";
import { MillraceError } from "@millrace/core";
import type { OverlayOptions } from "sharp";
import type { Compositor } from "../media.ts";
import { cutOut } from "./cut-out.ts";
import { loadSharp } from "./load-sharp.ts";
import { describeMade, intoPlace } from "./made-file.ts";
import { openImage } from "./open-image.ts";

const WIDTH = 1920;
const HEIGHT = 1080;
const HALF_WIDTH = WIDTH / 2;
const MAX_FIGURES = 12;
/** Where figures stand, and how tall the tallest may be, as shares of the frame's height. */
const GROUND = 0.94;
const TALLEST = 0.72;
/** A figure may reach this far into its neighbours' places. */
const OVERLAP = 1.25;
const DIVIDER_WIDTH = 6;

interface Panel {
  readonly left: number;
  readonly width: number;
}

/**
 * Environments fill the frame or its half; figures stand side by side on the ground, in a split frame by turns in the
 * left and right half. A figure's plain background is cut away, one with a full picture behind it is shown as a card.
 */
export function createLocalCompositor(): Compositor {
  return {
    async composeFrame({ environmentPath, secondEnvironmentPath, figurePaths, layout, outputPath, signal }) {
      if (layout === "split" && secondEnvironmentPath === undefined) {
        throw new MillraceError("MEDIA_REFUSED", "A split frame needs a second environment.");
      }
      if (figurePaths.length > MAX_FIGURES) {
        throw new MillraceError("MEDIA_REFUSED", `A frame holds at most ${MAX_FIGURES} figures.`);
      }
      const second = layout === "split" ? secondEnvironmentPath : undefined;
      const panels: readonly Panel[] =
        second === undefined
          ? [{ left: 0, width: WIDTH }]
          : [
              { left: 0, width: HALF_WIDTH },
              { left: HALF_WIDTH, width: HALF_WIDTH },
            ];
      const environments = second === undefined ? [environmentPath] : [environmentPath, second];
      const sharp = await loadSharp();
      await intoPlace(outputPath, async (partPath) => {
        const layers: OverlayOptions[] = [];
        for (const [index, panel] of panels.entries()) {
          signal.throwIfAborted();
          const input = await fill(environments[index] ?? environmentPath, panel.width);
          layers.push({ input, left: panel.left, top: 0 });
        }
        for (const [index, panel] of panels.entries()) {
          const standing = figurePaths.filter((_, figure) => figure % panels.length === index);
          layers.push(...(await standFigures(standing, panel, signal)));
        }
        if (second !== undefined) layers.push(divider());
        signal.throwIfAborted();
        const canvas = sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: "#000000" } });
        await writeFile(partPath, await canvas.composite(layers).removeAlpha().png({ compressionLevel: 6 }).toBuffer());
      });
      return describeMade(outputPath, "image/png", 1);
    },
  };
}

async function fill(path: string, width: number): Promise<Buffer> {
  return openImage(await readFile(path), (image) =>
    image
      .resize(width, HEIGHT, { fit: "cover" })
      .flatten({ background: "#000000" })
      .png({ compressionLevel: 1 })
      .toBuffer(),
  );
}

async function standFigures(paths: readonly string[], panel: Panel, signal: AbortSignal): Promise<OverlayOptions[]> {
  const placeWidth = panel.width / Math.max(1, paths.length);
  const layers: OverlayOptions[] = [];
  for (const [index, path] of paths.entries()) {
    signal.throwIfAborted();
    const box = {
      width: Math.round(Math.min(placeWidth * OVERLAP, panel.width)),
      height: Math.round(HEIGHT * TALLEST),
    };
    const figure = await cutOut(await readFile(path), box);
    const left = Math.round(panel.left + placeWidth * (index + 0.5) - figure.width / 2);
    const top = Math.round(HEIGHT * GROUND - figure.height);
    const inside = Math.max(panel.left, Math.min(left, panel.left + panel.width - figure.width));
    layers.push({ input: figure.png, left: inside, top: Math.max(0, top) });
  }
  return layers;
}

function divider(): OverlayOptions {
  const line = { width: DIVIDER_WIDTH, height: HEIGHT, channels: 3 as const, background: "#ffffff" };
  return { input: { create: line }, left: HALF_WIDTH - DIVIDER_WIDTH / 2, top: 0 };
}
