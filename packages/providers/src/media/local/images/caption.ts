import { createRequire } from "node:module";
import { loadSharp } from "../load-sharp.ts";
import type { Canvas } from "./brush.ts";

const require = createRequire(import.meta.url);
const MAX_CHARACTERS = 48;
const PADDING_SHARE = 0.4;
/** Of a place: the middle that a split frame keeps, less what a moving camera cuts off. */
const PLACE_SHARE = 0.4;
const FIGURE_SHARE = 0.9;

/** Where a name ends and its description begins. */
const DESCRIPTION = /\s(?:with|wearing|who|holding|in|on|at)\s/iu;

/** What a prompt is about: its first words, up to a stop, a comma or a colon. Of a person or a thing only the name. */
export function captionOf(prompt: string, isPlace: boolean): string {
  const [first = ""] = prompt
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .split(/[.,;:!?–—]/u);
  const [name = ""] = isPlace ? [first] : first.trim().split(DESCRIPTION);
  const words = name.trim().split(" ");
  let caption = "";
  for (const word of words) {
    if (caption.length + word.length > MAX_CHARACTERS) break;
    caption += caption === "" ? word : ` ${word}`;
  }
  return (caption || name.slice(0, MAX_CHARACTERS)).trim();
}

/** White words on a dark strip, as tall as a twentieth of the canvas; undefined where there are none to show. */
export async function paintCaption(
  prompt: string,
  { width, height, isPlace }: Canvas & { readonly isPlace: boolean },
): Promise<(Canvas & { readonly png: Buffer }) | undefined> {
  const caption = captionOf(prompt, isPlace);
  if (caption === "") return undefined;
  const sharp = await loadSharp();
  const size = Math.max(8, Math.round(height * 0.036));
  const text = `<span foreground="#ffffff">${escaped(caption)}</span>`;
  // The font is named by its file: a bare machine has none installed.
  const fontfile = require.resolve("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf");
  const words = await sharp({ text: { text, fontfile, font: `DejaVu Sans Bold ${size}`, dpi: 72, rgba: true } })
    .resize({
      width: Math.max(1, Math.round(width * (isPlace ? PLACE_SHARE : FIGURE_SHARE) - size * PADDING_SHARE * 3)),
      withoutEnlargement: true,
    })
    .png()
    .toBuffer({ resolveWithObject: true });
  const padding = Math.round(size * PADDING_SHARE);
  const strip = { width: words.info.width + padding * 3, height: words.info.height + padding * 2 };
  const back = `<svg width="${strip.width}" height="${strip.height}"><rect width="100%" height="100%" rx="${padding}" fill="#0b0f18" fill-opacity="0.62"/></svg>`;
  const png = await sharp(Buffer.from(back))
    .composite([{ input: words.data, left: Math.round(padding * 1.5), top: padding }])
    .png()
    .toBuffer();
  return { png, ...strip };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
