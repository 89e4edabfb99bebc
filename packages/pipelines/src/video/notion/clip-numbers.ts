/** A number that counts something else than clips: "3, 2 seconds too long". */
const NOT_A_UNIT = String.raw`(?![\d.]*\d|\s*(?:%|x\b|times\b|ms\b|s\b|secs?\b|seconds?\b|mins?\b|minutes?\b))`;
const NUMBER = String.raw`#?\s*\d{1,4}${NOT_A_UNIT}`;
const JOINT = String.raw`\s*(?:,\s*and\b|,|;|&|\+|/|\band\b|\bto\b|\bthrough\b|[-–—])\s*`;
const LIST = new RegExp(String.raw`\bclips?\b[\s:.]*(?<list>${NUMBER}(?:${JOINT}(?:clips?\s*)?${NUMBER})*)`, "gi");
const RANGE = /#?\s*(?<first>\d+)(?:\s*(?:\bto\b|\bthrough\b|[-–—])\s*(?:clips?\s*)?#?\s*(?<last>\d+))?/gi;

export interface ClipNumbers {
  /** Ascending, each once, within 1…clipCount. */
  readonly clips: readonly number[];
  /** As written, where there is no such clip. */
  readonly unknown: readonly string[];
}

/** The clips a text names: "clip 3", "Clips 1, 4-6 and 9", "clip #2 is dark; clip 7 too". Numbers elsewhere do not count. */
export function clipNumbersIn(text: string, clipCount: number): ClipNumbers {
  const clips = new Set<number>();
  const unknown = new Set<string>();
  for (const list of text.replace(/\s+/g, " ").matchAll(LIST)) {
    for (const { groups } of (list.groups?.["list"] ?? "").matchAll(RANGE)) {
      const first = Number(groups?.["first"]);
      const last = Number(groups?.["last"] ?? first);
      if (first < 1 || last > clipCount || first > last) unknown.add(first === last ? `${first}` : `${first}-${last}`);
      else for (let clip = first; clip <= last; clip++) clips.add(clip);
    }
  }
  return { clips: [...clips].sort((a, b) => a - b), unknown: [...unknown] };
}
