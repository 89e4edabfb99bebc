/** Reads markdown line by line, for texts that a parser cannot take. Linear whatever the text holds. */

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/** The lines that are not inside fenced code. */
export function* proseLines(text: string): Generator<string> {
  let fence = "";
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at);
    const line = end < 0 ? text.slice(at) : text.slice(at, end);
    at = end < 0 ? text.length : end + 1;
    const mark = FENCE.exec(line.slice(0, 300))?.[1];
    if (fence !== "") {
      if (mark?.startsWith(fence) && line.trim() === mark) fence = "";
    } else if (mark !== undefined) {
      fence = mark;
    } else {
      yield line;
    }
  }
}

/** A line without its code spans. A run of backticks without a partner of its length is plain text. */
export function withoutCodeSpans(line: string): string {
  const runs = [...line.matchAll(/`+/g)];
  if (runs.length < 2) return line;
  // the runs of each length, last first: a partner is found without searching the line again
  const partners = new Map<number, number[]>();
  for (let n = runs.length - 1; n >= 0; n -= 1) {
    const { length } = runs[n]![0];
    const same = partners.get(length);
    if (same === undefined) partners.set(length, [n]);
    else same.push(n);
  }
  let text = "";
  let at = 0;
  for (let n = 0; n < runs.length; n += 1) {
    const same = partners.get(runs[n]![0].length)!;
    while (same.length > 0 && same.at(-1)! <= n) same.pop();
    const partner = same.at(-1);
    if (partner === undefined) continue;
    text += line.slice(at, runs[n]!.index);
    at = runs[partner]!.index + runs[partner]![0].length;
    n = partner;
  }
  return text + line.slice(at);
}
