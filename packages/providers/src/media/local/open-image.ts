import type { Sharp } from "sharp";
import { loadSharp } from "./load-sharp.ts";
import { mediaFailed } from "./run-tool.ts";

/** 8K square: far above what makers give, far below what fills the memory. */
const MAX_PIXELS = 8_192 * 8_192;

/** Works on an image's bytes; whatever cannot be read or written is MEDIA_FAILED. Bytes, as sharp remembers files by name. */
export async function openImage<T>(bytes: Uint8Array, work: (image: Sharp) => Promise<T>): Promise<T> {
  const sharp = await loadSharp();
  try {
    return await work(sharp(bytes, { limitInputPixels: MAX_PIXELS }));
  } catch (error) {
    throw mediaFailed(`The image cannot be read: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
