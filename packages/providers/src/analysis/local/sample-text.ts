import type { StageWarning } from "@millrace/core";

/** How far a text is looked at at all. */
const MAX_READ_CHARACTERS = 2_000_000;
/** How much of it is analysed in full: about 10,000 words, under a second of computing. */
const MAX_ANALYSED_CHARACTERS = 60_000;
/** A line that comes more often is page furniture or padding; short lines ("}", "---") repeat in any text. */
const MAX_REPETITIONS = 3;
const MIN_REPETITION_CHARACTERS = 8;
const MAX_LATER_HEADINGS = 200;
const HEADING = /^#{1,6}\s+\S.{0,200}$/;

export interface SampledText {
  readonly text: string;
  /** Markdown headings of the part that was left out. */
  readonly laterHeadings: readonly string[];
  /** Share of the lines read that repeat an earlier one too often, 0 to 1. */
  readonly repeatedShare: number;
  readonly warnings: readonly StageWarning[];
}

/** Bounds any text: the first part in full, the headings of the rest, repeated lines only a few times. */
export function sampleText(whole: string): SampledText {
  const kept: string[] = [];
  const laterHeadings: string[] = [];
  const seen = new Map<string, number>();
  let size = 0;
  let repeated = 0;
  let lines = 0;
  let isCut = whole.length > MAX_READ_CHARACTERS;
  for (const line of linesOf(cleanPage(whole.slice(0, MAX_READ_CHARACTERS)))) {
    if (line.trim() !== "") lines++;
    const key = line.length < MIN_REPETITION_CHARACTERS ? "" : line.trim().slice(0, 200);
    const times = (seen.get(key) ?? 0) + 1;
    if (key !== "") seen.set(key, times);
    if (key !== "" && times > MAX_REPETITIONS) {
      repeated++;
    } else if (size < MAX_ANALYSED_CHARACTERS) {
      const room = cleanCut(line, MAX_ANALYSED_CHARACTERS - size);
      if (room.length < line.length) isCut = true;
      kept.push(room);
      size += room.length + 1;
    } else {
      isCut = true;
      if (laterHeadings.length < MAX_LATER_HEADINGS && HEADING.test(line)) laterHeadings.push(line);
    }
  }
  return {
    text: kept.join("\n"),
    laterHeadings,
    repeatedShare: lines === 0 ? 0 : repeated / lines,
    warnings: warningsOf({ isCut, kept: size, whole: whole.length, repeated }),
  };
}

/** Line breaks made equal, control characters made spaces; a form feed parts two pages like a line break. */
function cleanPage(text: string): string {
  return text
    .replace(/\r\n?|\f/g, "\n")
    .replace(/\p{Surrogate}/gu, "\uFFFD")
    .replace(/(?![\n\t])\p{Cc}/gu, " ")
    .normalize("NFC");
}

/** Lines without an array of them all: a text may hold two million. */
function* linesOf(text: string): Generator<string> {
  let from = 0;
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
    yield text.slice(from, end);
    from = end + 1;
  }
  yield text.slice(from);
}

/** Ends at white space where there is some, so that no half word is analysed. */
function cleanCut(line: string, room: number): string {
  if (line.length <= room) return line;
  const space = line.lastIndexOf(" ", room);
  return line.slice(0, space > room / 2 ? space : room);
}

function warningsOf(seen: { isCut: boolean; kept: number; whole: number; repeated: number }): StageWarning[] {
  const warnings: StageWarning[] = [];
  if (seen.isCut) {
    const message = `The first ${seen.kept} characters and later headings were analysed, of ${seen.whole}`;
    warnings.push({ code: "TEXT_SAMPLED", message });
  }
  if (seen.repeated > 20) {
    warnings.push({ code: "TEXT_REPETITIVE", message: `${seen.repeated} lines repeat earlier ones and were left out` });
  }
  return warnings;
}
