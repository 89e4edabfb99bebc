import { cleanLine } from "./clean-text.ts";
import { decodeText } from "./decode-text.ts";
import type { Document } from "./document.ts";

/** A first line up to this long is taken as the title. */
const MAX_TITLE = 120;

/** Plain text; its first line is the title when it is short and stands alone. */
export function readText(bytes: Uint8Array): Document {
  const { text, warnings } = decodeText(bytes);
  const [first = "", second = ""] = text.trimStart().slice(0, 2_000).split("\n", 2);
  const isTitle = first.length <= MAX_TITLE && second.trim() === "";
  return { title: isTitle ? cleanLine(first, MAX_TITLE) : null, text, metadata: {}, tags: [], warnings };
}
