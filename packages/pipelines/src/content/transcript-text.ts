import type { TranscriptSegment } from "@millrace/providers";

const LINE = /^\s*\[?(?:(\d{1,3}):)?(\d{1,3}):(\d{2})(?:[.,]\d{1,3})?\]?\s*(.*)$/;

/** Segments as running text: a new line only after the end of a sentence, since captions break anywhere. */
export function proseOf(segments: readonly TranscriptSegment[]): string {
  const parts: string[] = [];
  for (const { text } of segments) {
    const words = text.replace(/\s+/g, " ").trim();
    if (words === "") continue;
    const before = parts.at(-1);
    if (before !== undefined) parts.push(/[.!?…]["')\]]?$/.test(before) ? "\n" : " ");
    parts.push(words);
  }
  return parts.join("");
}

function stamp(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** A line per segment: [MM:SS] text, with hours in front past the first. */
export function timestampedOf(segments: readonly TranscriptSegment[]): string {
  return segments
    .map(({ startSeconds, text }) => `[${stamp(startSeconds)}] ${text.replace(/\s+/g, " ").trim()}`)
    .join("\n");
}

/** Reads such lines back. A line without a time belongs to the segment before it. */
export function segmentsOf(text: string): TranscriptSegment[] {
  const segments: { startSeconds: number; text: string }[] = [];
  for (const line of text.split("\n")) {
    const match = LINE.exec(line);
    const last = segments.at(-1);
    if (match !== null) {
      const [, hours = "0", minutes = "0", seconds = "0", words = ""] = match;
      segments.push({ startSeconds: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds), text: words });
    } else if (last !== undefined) {
      last.text = `${last.text} ${line}`;
    } else if (line.trim() !== "") {
      segments.push({ startSeconds: 0, text: line });
    }
  }
  return segments;
}
