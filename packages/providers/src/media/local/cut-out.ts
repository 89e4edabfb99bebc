import { loadSharp } from "./load-sharp.ts";
import { openImage } from "./open-image.ts";

export interface CutOut {
  readonly png: Buffer;
  readonly width: number;
  readonly height: number;
}

interface Box {
  readonly width: number;
  readonly height: number;
}

interface Pixels {
  readonly bytes: Buffer;
  readonly width: number;
  readonly height: number;
}

/** How far a pixel's colours together may be from the background's to belong to it, of 765. */
const TOLERANCE = 48;
/** The share of an image's edge that must be of one colour for it to be a plain background. */
const PLAIN_EDGE = 0.9;
const CARD_SHARE = 0.8;
const CARD_RADIUS = 24;

/**
 * A figure within `box`, its background away: as it is where it is transparent already, flooded from the edges where
 * it is plain, else the whole image as a card with round corners.
 */
export async function cutOut(bytes: Uint8Array, box: Box): Promise<CutOut> {
  return openImage(bytes, async (image) => {
    const { data, info } = await image
      .resize(box.width, box.height, { fit: "inside", withoutEnlargement: false })
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const pixels: Pixels = { bytes: data, width: info.width, height: info.height };
    if (!isTransparent(pixels) && !removePlainBackground(pixels)) return card(pixels);
    return { png: await toPng(pixels), width: pixels.width, height: pixels.height };
  });
}

function isTransparent({ bytes }: Pixels): boolean {
  for (let at = 3; at < bytes.length; at += 4) if ((bytes[at] ?? 255) < 128) return true;
  return false;
}

/** Floods from the edges, so that the same colour inside the figure stays. False where the edges are not plain. */
function removePlainBackground({ bytes, width, height }: Pixels): boolean {
  const background = [bytes[0] ?? 0, bytes[1] ?? 0, bytes[2] ?? 0];
  const isBackground = (pixel: number): boolean => {
    let distance = 0;
    for (let channel = 0; channel < 3; channel++) {
      distance += Math.abs((bytes[pixel * 4 + channel] ?? 0) - (background[channel] ?? 0));
    }
    return distance <= TOLERANCE;
  };
  const edge = edgeOf(width, height);
  const pending = edge.filter(isBackground);
  if (pending.length < edge.length * PLAIN_EDGE) return false;
  for (let pixel = pending.pop(); pixel !== undefined; pixel = pending.pop()) {
    if (bytes[pixel * 4 + 3] === 0 || !isBackground(pixel)) continue;
    bytes[pixel * 4 + 3] = 0;
    const x = pixel % width;
    if (x > 0) pending.push(pixel - 1);
    if (x < width - 1) pending.push(pixel + 1);
    if (pixel >= width) pending.push(pixel - width);
    if (pixel < width * (height - 1)) pending.push(pixel + width);
  }
  return true;
}

function edgeOf(width: number, height: number): number[] {
  const rows = Array.from({ length: width }, (_, x) => [x, (height - 1) * width + x]);
  const columns = Array.from({ length: height }, (_, y) => [y * width, y * width + width - 1]);
  return [...rows, ...columns].flat();
}

async function card(pixels: Pixels): Promise<CutOut> {
  const width = Math.max(1, Math.round(pixels.width * CARD_SHARE));
  const height = Math.max(1, Math.round(pixels.height * CARD_SHARE));
  const mask = `<svg width="${width}" height="${height}"><rect width="100%" height="100%" rx="${CARD_RADIUS}"/></svg>`;
  const sharp = await loadSharp();
  const small = await sharp(await toPng(pixels))
    .resize(width, height)
    .toBuffer();
  const png = await sharp(small)
    .composite([{ input: Buffer.from(mask), blend: "dest-in" }])
    .png()
    .toBuffer();
  return { png, width, height };
}

async function toPng({ bytes, width, height }: Pixels): Promise<Buffer> {
  const sharp = await loadSharp();
  return sharp(bytes, { raw: { width, height, channels: 4 } })
    .png({ compressionLevel: 1 })
    .toBuffer();
}
