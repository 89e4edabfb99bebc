import { boxAround } from "./box.ts";
import type { Segment } from "./text-lines.ts";
import type { Word } from "./word.ts";

const UPPER = /^\+\s?[\d.,]+$/;
const LOWER = /^[-−–]\s?[\d.,]+$|^0$/;
const MEASURED = /[\d°"″m]$/;
/** Stacked tolerances are written smaller than the dimension they belong to. */
const MAX_SIZE = 0.85;

const isTolerance = (text: string): boolean => UPPER.test(text) || LOWER.test(text);

/** Upper and lower tolerance written one above the other, of which at most one shares the dimension's line. */
interface Host {
  readonly segment: Segment;
  /** Words up to the tolerances. */
  readonly words: readonly Word[];
  readonly end: Word;
}

function hostFrom(segment: Segment): Host | undefined {
  let count = segment.words.length;
  const first = segment.words[0]!;
  while (
    count > 1 &&
    isTolerance(segment.words[count - 1]!.text) &&
    segment.words[count - 1]!.size < MAX_SIZE * first.size
  )
    count -= 1;
  const end = segment.words[count - 1]!;
  return MEASURED.test(end.text) ? { segment, words: segment.words.slice(0, count), end } : undefined;
}

function isBeside({ end, segment }: Host, { angle, size, from, baseline }: Segment): boolean {
  return (
    angle === segment.angle &&
    size < MAX_SIZE * end.size &&
    from - end.to > -0.2 * end.size &&
    from - end.to < end.size &&
    Math.abs(baseline - end.baseline) < end.size
  );
}

function join(host: Host, stacked: readonly Segment[]): Segment {
  const { segment, words, end } = host;
  const small = [...segment.words.slice(words.length), ...stacked.flatMap((part) => part.words)];
  const upper = small.filter(({ text }) => text.startsWith("+"));
  const lower = small.filter(({ text }) => !text.startsWith("+"));
  const starts = segment.starts.slice(0, words.length);
  let text = segment.text.slice(0, starts.at(-1)! + end.text.length);
  for (const word of [...upper, ...lower]) {
    text += word.text === "0" ? " /" : " ";
    starts.push(text.length);
    text += word.text;
  }
  const all = [...words, ...upper, ...lower];
  return { ...segment, text, words: all, starts, box: boxAround(all.map(({ box }) => box)) };
}

/** Puts tolerances that are stacked behind a dimension into its line: `50 +0.1 -0.2`. */
export function joinTolerances(segments: readonly Segment[]): readonly Segment[] {
  const loose = segments.filter(({ text }) => isTolerance(text));
  if (loose.length === 0) return segments;
  const taken = new Set<Segment>();
  const joined = segments.map((segment) => {
    const host = isTolerance(segment.text) ? undefined : hostFrom(segment);
    if (host === undefined) return segment;
    const stacked = loose.filter((part) => !taken.has(part) && isBeside(host, part)).slice(0, 2);
    for (const part of stacked) taken.add(part);
    return stacked.length === 0 ? segment : join(host, stacked);
  });
  return joined.filter((segment) => !taken.has(segment));
}
