import { type Box, bboxOf, boxAround, overlap, rounded } from "./box.ts";
import type { Segment } from "./text-lines.ts";

/** Lines that belong together: a paragraph, a heading, a label. */
export interface TextBlock {
  readonly text: string;
  readonly page: number;
  readonly box: Box;
  /** Of the first line; blocks that begin on one line have the same. */
  readonly baseline: number;
  readonly size: number;
  readonly isBold: boolean;
  readonly angle: number;
  readonly lineCount: number;
}

/** Baselines of one paragraph are at most so many font heights apart. */
const MAX_LINE_STEP = 1.75;
/** Space between columns, in points. */
const MIN_GUTTER = 8;
/** With more blocks than this a page is a drawing, not something to read in columns. */
const MAX_ORDERED = 1_000;

function goesOn(block: readonly Segment[], next: Segment): boolean {
  const last = block.at(-1)!;
  const step = next.baseline - last.baseline;
  return (
    last.angle === next.angle &&
    step > 0.2 * last.size &&
    step <= MAX_LINE_STEP * Math.max(last.size, next.size) &&
    Math.max(last.size, next.size) <= 1.15 * Math.min(last.size, next.size) &&
    last.isBold === next.isBold &&
    overlap(last.from, last.to, next.from, next.to) > 0
  );
}

/** Puts each segment under the one block it continues; two candidates on either side begin anew. */
function groupSegments(segments: readonly Segment[]): readonly (readonly Segment[])[] {
  const blocks: Segment[][] = [];
  let open: Segment[][] = [];
  for (let i = 0; i < segments.length; ) {
    const first = segments[i]!;
    const line: Segment[] = [];
    while (segments[i]?.baseline === first.baseline && segments[i]?.angle === first.angle) line.push(segments[i++]!);
    const above = open.filter((block) => {
      const last = block.at(-1)!;
      return last.angle === first.angle && first.baseline - last.baseline <= MAX_LINE_STEP * 2 * last.size;
    });
    const claims = new Map<Segment[], number>();
    const choices = line.map((segment) => {
      const fitting = above.filter((block) => goesOn(block, segment));
      for (const block of fitting) claims.set(block, (claims.get(block) ?? 0) + 1);
      return { segment, fitting };
    });
    open = [...above];
    for (const { segment, fitting } of choices) {
      const [block] = fitting;
      if (block !== undefined && fitting.length === 1 && claims.get(block) === 1) block.push(segment);
      else {
        const fresh = [segment];
        blocks.push(fresh);
        open.push(fresh);
      }
    }
  }
  return blocks;
}

/** The first gap no block reaches across that leaves text of several lines on both sides. */
function gutterOf(blocks: readonly TextBlock[]): number | undefined {
  const sorted = [...blocks].sort((a, b) => a.box.x0 - b.box.x0);
  const isColumn = (part: readonly TextBlock[]): boolean => part.some(({ lineCount }) => lineCount >= 3);
  let reached = -Infinity;
  for (const [index, { box }] of sorted.entries()) {
    if (
      index > 0 &&
      box.x0 - reached >= MIN_GUTTER &&
      isColumn(sorted.slice(0, index)) &&
      isColumn(sorted.slice(index))
    ) {
      return box.x0;
    }
    reached = Math.max(reached, box.x1);
  }
  return undefined;
}

/** Columns one after another; what reaches across them before or after, as it stands. */
function inReadingOrder(blocks: readonly TextBlock[]): readonly TextBlock[] {
  const ordered: TextBlock[] = [];
  let rest = [...blocks].sort((a, b) => a.baseline - b.baseline || a.box.x0 - b.box.x0);
  if (rest.length > MAX_ORDERED) return rest;
  while (rest.length > 0) {
    const gutter = gutterOf(rest);
    if (gutter !== undefined) {
      const [left, right] = [rest.filter(({ box }) => box.x0 < gutter), rest.filter(({ box }) => box.x0 >= gutter)];
      return [...ordered, ...inReadingOrder(left), ...inReadingOrder(right)];
    }
    // everything down to the first gap across the page is one band
    let reached = rest[0]!.box.y1;
    let count = 1;
    while (count < rest.length && rest[count]!.box.y0 < reached) {
      reached = Math.max(reached, rest[count]!.box.y1);
      count += 1;
    }
    ordered.push(...rest.slice(0, count));
    rest = rest.slice(count);
  }
  return ordered;
}

/** The text of a page in reading order. */
export function textBlocksOf(page: number, segments: readonly Segment[]): readonly TextBlock[] {
  const blocks = groupSegments(segments).map((lines): TextBlock => {
    const letters = lines.reduce((sum, { text }) => sum + text.length, 0);
    return {
      text: lines.map(({ text }) => text).join("\n"),
      page,
      box: boxAround(lines.map(({ box }) => box)),
      baseline: lines[0]?.baseline ?? 0,
      size: lines.reduce((sum, { text, size }) => sum + text.length * size, 0) / Math.max(1, letters),
      isBold: lines.every(({ isBold }) => isBold),
      angle: lines[0]?.angle ?? 0,
      lineCount: lines.length,
    };
  });
  const isUpright = ({ angle }: TextBlock): boolean => angle === 0;
  const upright = blocks.filter(isUpright);
  return [...inReadingOrder(upright), ...blocks.filter((block) => !isUpright(block))];
}

/** The font height most letters have. */
function bodySizeOf(blocks: readonly TextBlock[]): number {
  const letters = new Map<number, number>();
  for (const { text, size } of blocks) {
    const rough = Math.round(size * 2) / 2;
    letters.set(rough, (letters.get(rough) ?? 0) + text.length);
  }
  return [...letters].reduce((most, entry) => (entry[1] > most[1] ? entry : most), [0, 0])[0];
}

const MAX_TITLE_CHARACTERS = 200;

/** Short and larger than the body of the document; as large counts when it is bold and the body is not. */
function isTitle(
  { text, size, isBold, lineCount, angle }: TextBlock,
  body: { size: number; isBold: boolean },
): boolean {
  if (angle !== 0 || lineCount > 3 || text.length > MAX_TITLE_CHARACTERS || !/\p{L}/u.test(text)) return false;
  return size >= body.size * 1.15 || (isBold && !body.isBold && lineCount === 1 && size >= body.size * 0.98);
}

/** Text blocks as results show them. `font_size` in points, `rotation` in degrees clockwise. */
export function showTextBlocks(blocks: readonly TextBlock[]) {
  const boldLetters = blocks.reduce((sum, { text, isBold }) => sum + (isBold ? text.length : -text.length), 0);
  const body = { size: bodySizeOf(blocks), isBold: boldLetters > 0 };
  return blocks.map((block) => ({
    text: block.text,
    page: block.page,
    bbox: bboxOf(block.box),
    font_size: rounded(block.size),
    is_title: isTitle(block, body),
    rotation: block.angle,
  }));
}
