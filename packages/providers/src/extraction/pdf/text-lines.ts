import { type Box, boxAround } from "./box.ts";
import { SPACE_GAP, type Word } from "./word.ts";

/** Words that stand on one baseline, in order of reading. */
interface Line {
  readonly words: readonly Word[];
  readonly baseline: number;
  readonly angle: number;
}

/** Words of one line with no wide gap between them. */
export interface Segment {
  readonly text: string;
  readonly words: readonly Word[];
  /** Where each word begins in `text`. */
  readonly starts: readonly number[];
  readonly box: Box;
  readonly size: number;
  readonly isBold: boolean;
  readonly angle: number;
  readonly baseline: number;
  readonly from: number;
  readonly to: number;
}

/** Baselines closer than this share of the smaller font are one line: superscripts and stacked tolerances. */
const SAME_LINE = 0.5;

/** Bold letters are often drawn twice, a hair apart. */
function isRepeated(word: Word, before: Word | undefined): boolean {
  return before !== undefined && before.text === word.text && Math.abs(before.from - word.from) < word.size * 0.3;
}

function inReadingOrder(words: Word[]): readonly Word[] {
  words.sort((a, b) => a.from - b.from || a.baseline - b.baseline);
  return words.filter((word, index) => !isRepeated(word, words[index - 1]));
}

/** The lines of a page; lines in the main direction of reading first, each direction from its top down. */
export function linesOf(words: readonly Word[]): readonly Line[] {
  const sorted = [...words].sort((a, b) => a.angle - b.angle || a.baseline - b.baseline);
  const lines: Line[] = [];
  let [open, size]: [Word[], number] = [[], 0];
  const close = (): void => {
    const [first] = open;
    if (first !== undefined) {
      const baseline = open.reduce((most, word) => (word.size > most.size ? word : most), first).baseline;
      lines.push({ words: inReadingOrder(open), baseline, angle: first.angle });
    }
    open = [];
    size = 0;
  };
  for (const word of sorted) {
    const [first] = open;
    if (first !== undefined) {
      const reach = SAME_LINE * Math.min(size, word.size);
      if (word.angle !== first.angle || word.baseline - first.baseline > reach) close();
    }
    open.push(word);
    size = Math.max(size, word.size);
  }
  close();
  return lines;
}

function segmentFrom(words: readonly Word[], { angle, baseline }: Line): Segment {
  const starts: number[] = [];
  let text = "";
  let [letters, bold, weighed] = [0, 0, 0];
  for (const [index, word] of words.entries()) {
    const before = words[index - 1];
    if (before !== undefined && (before.isSpaced || word.from - before.to > SPACE_GAP * word.size)) text += " ";
    starts.push(text.length);
    text += word.text;
    letters += word.text.length;
    weighed += word.text.length * word.size;
    if (word.isBold) bold += word.text.length;
  }
  return {
    text: readable(text),
    words,
    starts,
    box: boxAround(words.map(({ box }) => box)),
    size: weighed / Math.max(1, letters),
    isBold: bold * 2 > letters,
    angle,
    baseline,
    from: words[0]?.from ?? 0,
    to: Math.max(...words.map(({ to }) => to)),
  };
}

const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc](?:[^A-Za-z0-9]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])?/g;

/** Scripts that read from right to left are drawn from left to right: turns them back. */
function readable(text: string): string {
  return text.replace(RIGHT_TO_LEFT, (run) => Array.from(run).reverse().join(""));
}

/** The parts of a line between gaps wider than `gap` font heights. */
export function segmentsOf(line: Line, gap: number): readonly Segment[] {
  const segments: Segment[] = [];
  let open: Word[] = [];
  let reached = -Infinity;
  for (const word of line.words) {
    if (open.length > 0 && word.from - reached > gap * word.size) {
      segments.push(segmentFrom(open, line));
      open = [];
    }
    open.push(word);
    reached = open.length === 1 ? word.to : Math.max(reached, word.to);
  }
  if (open.length > 0) segments.push(segmentFrom(open, line));
  return segments;
}

/** All words as one text, lines one after another. */
export function textOf(words: readonly Word[]): string {
  return linesOf(words)
    .flatMap((line) => segmentsOf(line, Infinity))
    .map(({ text }) => text)
    .join(" ");
}
