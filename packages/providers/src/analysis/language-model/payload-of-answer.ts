import { isPayload } from "../rules/result-of-payload.ts";

/** Openings tried in a text of many braces; more would make garbage cost time without finding an answer. */
const MAX_BRACE_BLOCKS = 20;
const OPENING = /<(think|thinking|reasoning|reflection|scratchpad)>/gi;
const CLOSING = /<\/(?:think|thinking|reasoning|reflection|scratchpad)>/gi;

/** A model's answer without what it thought aloud, also when the block's beginning or end was cut off. */
export function withoutReasoning(answer: string): string {
  const closings = [...answer.matchAll(CLOSING)];
  const kept: string[] = [];
  let from = 0;
  let next = 0;
  for (const opening of answer.matchAll(OPENING)) {
    if (opening.index < from) continue;
    while (next < closings.length && closings[next]!.index < opening.index) next++;
    const closing = closings[next];
    // Never closed: an answer that starts so is all reasoning; later on it is a word of the answer.
    if (closing === undefined) return answer.slice(from, opening.index).trim() === "" ? kept.join("").trim() : rest();
    kept.push(answer.slice(from, opening.index));
    from = closing.index + closing[0].length;
  }
  return rest();

  function rest(): string {
    const text = kept.join("") + answer.slice(from);
    const orphan = [...text.matchAll(CLOSING)].at(-1);
    return (orphan === undefined ? text : text.slice(orphan.index + orphan[0].length)).trim();
  }
}

/**
 * The object in an answer, by the order of A2.3: the answer itself, without its reasoning, a fenced block, the first
 * brace block. null when none of them is JSON with a key of a result.
 */
export function payloadOfAnswer(answer: string): Readonly<Record<string, unknown>> | null {
  const text = withoutReasoning(answer);
  // The untouched answer goes first: a summary may speak of "<think>" and must not be cut for it.
  for (const candidate of [answer, text, ...fencedBlocks(text), ...braceBlocks(text)]) {
    const payload = parsed(candidate);
    if (isPayload(payload)) return payload;
  }
  return null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function fencedBlocks(text: string): string[] {
  // Split instead of a lazy match over the whole text: linear, whatever the text holds.
  return text
    .split("```")
    .filter((_, index) => index % 2 === 1)
    .map((block) => block.replace(/^[a-z0-9]*\s*\n/i, ""));
}

function* braceBlocks(text: string): Generator<string> {
  let from = text.indexOf("{");
  for (let tries = 0; from !== -1 && tries < MAX_BRACE_BLOCKS; tries++) {
    const end = endOfObject(text, from);
    if (end !== -1) yield text.slice(from, end + 1);
    // A JSON object that was cut off: what closes inside it is a fragment, and half a result is none.
    else if (/^\{\s*"/.test(text.slice(from, from + 200))) return;
    from = text.indexOf("{", end === -1 ? from + 1 : end + 1);
  }
}

/** Where the object that opens at `from` closes; braces inside JSON strings do not count. -1 when it never does. */
function endOfObject(text: string, from: number): number {
  let depth = 0;
  let isInString = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (isInString) {
      if (character === "\\") at++;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at;
  }
  return -1;
}
