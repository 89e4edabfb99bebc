/** Line separators, bidirectional overrides and the byte order mark: invisible, and able to make a text read as another. */
const INVISIBLE = /[\u200B\u2028\u2029\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/gu;

/**
 * Text on one line that Postgres' jsonb and a screen can hold: no control characters, no NUL, no half of a surrogate
 * pair, white space collapsed, at most `maxCharacters` code points. Anything but a string or a number is "".
 */
export function cleanLine(value: unknown, maxCharacters: number): string {
  return cut(cleaned(value).replace(/\s+/gu, " ").trim(), maxCharacters);
}

/** The same for a text of several lines: line breaks stay, more than one blank line in a row does not. */
export function cleanBlock(value: unknown, maxCharacters: number): string {
  const text = cleaned(value)
    .replace(/[^\S\n]+/gu, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n");
  return cut(text.trim(), maxCharacters);
}

/** What jsonb refuses is taken out, everything else stays as it is: for traces. */
export function storable(text: string): string {
  return wellFormed(text).replaceAll("\0", "");
}

/** The first `maxCharacters` code points, ending at a word where one is near, with "…" to say that there was more. */
export function cut(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const points = Array.from(text.slice(0, maxCharacters * 2 + 2));
  if (points.length <= maxCharacters) return text;
  const head = points.slice(0, Math.max(0, maxCharacters - 1)).join("");
  const lastSpace = head.search(/\s\S*$/u);
  const whole = lastSpace > head.length * 0.5 ? head.slice(0, lastSpace) : head;
  return `${whole.trimEnd()}…`;
}

function cleaned(value: unknown): string {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  if (typeof value !== "string") return "";
  return wellFormed(value)
    .replace(/\r\n?/g, "\n")
    .replace(/(?![\n\t])\p{Cc}/gu, " ")
    .replace(INVISIBLE, "")
    .normalize("NFC");
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}
