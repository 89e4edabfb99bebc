import type { Box } from "./box.ts";
import type { Matrix } from "./matrix.ts";
import { SPACE_GAP, type Word } from "./word.ts";

/** One letter as it is drawn. */
export interface Glyph {
  readonly text: string;
  /** From the letter's origin, one font height being `size`, to the page. */
  readonly placed: Matrix;
  /** How wide it is, in units of `placed`. */
  readonly advance: number;
  /** How much further the pen moves. */
  readonly spacing: number;
  /** First of a run of text: some programs space the last letter of a run where others draw a space. */
  readonly isFirst: boolean;
  readonly isVertical: boolean;
  readonly size: number;
  readonly isBold: boolean;
  readonly ascent: number;
  readonly descent: number;
}

interface OpenWord {
  text: string;
  readonly size: number;
  readonly isBold: boolean;
  readonly angle: number;
  readonly from: number;
  readonly baseline: number;
  to: number;
  pen: number;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/** Puts letters together as they are drawn, whatever pieces the file draws them in. */
export interface WordCollector {
  add(glyph: Glyph): void;
  finish(): readonly Word[];
  readonly glyphCount: number;
}

const RADIANS = Math.PI / 180;

interface Placed {
  readonly size: number;
  readonly angle: number;
  readonly from: number;
  readonly to: number;
  readonly pen: number;
  readonly baseline: number;
  readonly box: Box;
}

/** Where the letter is, along and across its direction. */
function place({ placed, advance, spacing, isVertical, size, ascent, descent }: Glyph): Placed {
  const [a, b, c, d, e, f] = placed;
  const height = size * Math.hypot(c, d);
  const [dx, dy] = isVertical ? [c * advance, d * advance] : [a * advance, b * advance];
  const isMoving = Math.abs(dx) + Math.abs(dy) > 1e-6;
  const degrees = (isMoving ? Math.atan2(dy, dx) : Math.atan2(b, a)) / RADIANS;
  const angle = ((Math.round(degrees) % 360) + 360) % 360;
  const [cos, sin] = [Math.cos(angle * RADIANS), Math.sin(angle * RADIANS)];
  const up = [c * size * ascent, d * size * ascent] as const;
  const down = [c * size * descent, d * size * descent] as const;
  const xs = [e + up[0], e + down[0], e + dx + up[0], e + dx + down[0]];
  const ys = [f + up[1], f + down[1], f + dy + up[1], f + dy + down[1]];
  const to = (e + dx) * cos + (f + dy) * sin;
  return {
    size: height,
    angle,
    from: e * cos + f * sin,
    to,
    pen: to + spacing * (isVertical ? -Math.hypot(c, d) : Math.hypot(a, b)),
    baseline: f * cos - e * sin,
    box: { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) },
  };
}

/** Goes on where the word ends: neither a space away nor drawn over it. */
function isNext(word: OpenWord, glyph: Placed, isFirst: boolean): boolean {
  if (glyph.angle !== word.angle || Math.abs(glyph.size - word.size) > word.size * 0.02) return false;
  const gap = glyph.from - (isFirst ? word.to : word.pen);
  return (
    Math.abs(glyph.baseline - word.baseline) < word.size * 0.1 && gap < word.size * SPACE_GAP && gap > word.size * -0.3
  );
}

export function collectWords(): WordCollector {
  const words: Word[] = [];
  let open: OpenWord | undefined;
  let glyphCount = 0;

  const close = (isSpaced: boolean): void => {
    if (open === undefined) return;
    const { x0, y0, x1, y1, pen: _, ...word } = open;
    words.push({ ...word, box: { x0, y0, x1, y1 }, isSpaced });
    open = undefined;
  };

  const begin = (text: string, isBold: boolean, { box, ...placed }: Placed): void => {
    close(false);
    open = { text, isBold, ...placed, ...box };
  };

  return {
    get glyphCount() {
      return glyphCount;
    },
    add(glyph) {
      glyphCount += 1;
      if (/^\s*$/u.test(glyph.text)) {
        close(true);
        return;
      }
      const placed = place(glyph);
      if (!Number.isFinite(placed.baseline + placed.from + placed.to + placed.size)) return;
      if (open === undefined || !isNext(open, placed, glyph.isFirst)) {
        begin(glyph.text, glyph.isBold, placed);
        return;
      }
      open.text += glyph.text;
      open.to = placed.to;
      open.pen = placed.pen;
      open.x0 = Math.min(open.x0, placed.box.x0);
      open.y0 = Math.min(open.y0, placed.box.y0);
      open.x1 = Math.max(open.x1, placed.box.x1);
      open.y1 = Math.max(open.y1, placed.box.y1);
    },
    finish() {
      close(false);
      return words;
    },
  };
}
