import type { Matrix } from "./matrix.ts";
import { SPACE_GAP, type Word } from "./word.ts";

/** Letters drawn by one operator: they share font, size and direction. */
export interface Run {
  /** From text space, where the pen moves, to the page. */
  readonly placed: Matrix;
  /** Font height in text space. */
  readonly size: number;
  readonly isVertical: boolean;
  readonly isBold: boolean;
  /** Shares of the font height above and (negative) below the baseline. */
  readonly ascent: number;
  readonly descent: number;
}

/** One letter, in text space. */
interface Glyph {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  /** How wide it is. */
  readonly advance: number;
  /** How much further the pen moves. */
  readonly spacing: number;
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
  /** Begins a run; what it returns takes the letters. */
  startRun(run: Run): (glyph: Glyph) => void;
  finish(): readonly Word[];
  readonly glyphCount: number;
}

const RADIANS = Math.PI / 180;

/** Whole degrees in which letters follow one another on the page. */
function angleOf({ placed: [a, b, c, d], isVertical }: Run): number {
  const degrees = (isVertical ? Math.atan2(-d, -c) : Math.atan2(b, a)) / RADIANS;
  return ((Math.round(degrees) % 360) + 360) % 360;
}

function isBlank(text: string): boolean {
  const code = text.length === 1 ? text.charCodeAt(0) : 0;
  return (code <= 0x20 || code >= 0x7f) && /^\s*$/u.test(text);
}

/** What all letters of a run have in common, worked out once: files have hundreds of thousands of letters. */
function frameOf(run: Run) {
  const [a, b, c, d, e, f] = run.placed;
  const angle = angleOf(run);
  const [top, bottom] = [run.size * run.ascent, run.size * run.descent];
  return {
    ...{ a, b, c, d, e, f, angle },
    cos: Math.cos(angle * RADIANS),
    sin: Math.sin(angle * RADIANS),
    height: run.size * Math.hypot(c, d),
    scale: run.isVertical ? -Math.hypot(c, d) : Math.hypot(a, b),
    // along the page, from the baseline to the furthest of the letter's edges
    left: Math.min(c * top, c * bottom),
    right: Math.max(c * top, c * bottom),
    above: Math.min(d * top, d * bottom),
    below: Math.max(d * top, d * bottom),
  };
}

export function collectWords(): WordCollector {
  const words: Word[] = [];
  let open: OpenWord | undefined;
  let glyphCount = 0;

  const close = (isSpaced: boolean): void => {
    if (open === undefined) return;
    const { text, size, isBold, angle, from, to, baseline, x0, y0, x1, y1 } = open;
    words.push({ text, size, isBold, angle, from, to, baseline, box: { x0, y0, x1, y1 }, isSpaced });
    open = undefined;
  };

  const startRun = (run: Run) => {
    const { a, b, c, d, e, f, angle, cos, sin, height, scale, left, right, above, below } = frameOf(run);
    const isDrawn = Number.isFinite(a + b + c + d + e + f + height);
    // some programs space the last letter of a run where others draw a space
    let isFirst = true;
    return ({ text, x, y, advance, spacing }: Glyph): void => {
      glyphCount += 1;
      if (isBlank(text)) {
        close(true);
        isFirst = false;
        return;
      }
      // no tuples here: this runs for each letter, and taking them apart took half of its time
      const px = a * x + c * y + e;
      const py = b * x + d * y + f;
      const dx = run.isVertical ? c * advance : a * advance;
      const dy = run.isVertical ? d * advance : b * advance;
      const from = px * cos + py * sin;
      const baseline = py * cos - px * sin;
      if (!isDrawn || !Number.isFinite(from + baseline + dx + dy)) return;
      const to = from + dx * cos + dy * sin;
      const pen = to + spacing * scale;
      const x0 = px + Math.min(0, dx) + left;
      const x1 = px + Math.max(0, dx) + right;
      const y0 = py + Math.min(0, dy) + above;
      const y1 = py + Math.max(0, dy) + below;
      const word = open;
      const gap = word === undefined ? 0 : from - (isFirst ? word.to : word.pen);
      isFirst = false;
      if (
        word === undefined ||
        word.angle !== angle ||
        Math.abs(height - word.size) > word.size * 0.02 ||
        Math.abs(baseline - word.baseline) >= word.size * 0.1 ||
        gap >= word.size * SPACE_GAP ||
        gap <= word.size * -0.3
      ) {
        close(false);
        open = { text, size: height, isBold: run.isBold, angle, from, baseline, to, pen, x0, y0, x1, y1 };
        return;
      }
      word.text += text;
      word.to = to;
      word.pen = pen;
      if (x0 < word.x0) word.x0 = x0;
      if (y0 < word.y0) word.y0 = y0;
      if (x1 > word.x1) word.x1 = x1;
      if (y1 > word.y1) word.y1 = y1;
    };
  };

  return {
    startRun,
    get glyphCount() {
      return glyphCount;
    },
    finish() {
      close(false);
      return words;
    },
  };
}
