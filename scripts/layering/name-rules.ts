import { ALLOWED_NAMES, EMPTY_WORDS, LONG_INDEXES, MAX_INDEX_LINES, MAX_LINES } from "./layers.ts";
import type { Complaint, SourceFile } from "./source-file.ts";

const KEBAB_FILE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*\.(ts|tsx|mts|js|mjs)$/;

/** Names that say what is inside: kebab-case, no empty words, `index` only where a package begins. */
export function nameComplaints(path: string): Complaint[] {
  const complain = (message: string): Complaint[] => [{ path, line: 1, message }];
  const parts = path.split("/");
  const file = parts.at(-1) ?? path;
  if (!KEBAB_FILE.test(file)) return complain(`${file} is not kebab-case`);
  const stem = file.split(".")[0] ?? file;
  if (stem === "index") {
    const isRoot = parts.length === 4 && parts[2] === "src";
    return isRoot ? [] : complain("index.ts belongs at a package's root only");
  }
  const empty = [...parts.slice(2, -1), stem].find(isEmptyName);
  return empty === undefined ? [] : complain(`${empty}: name the one thing that is inside`);
}

function isEmptyName(name: string): boolean {
  return !ALLOWED_NAMES.has(name) && EMPTY_WORDS.has(name.split("-").at(-1) ?? name);
}

export function sizeComplaints({ path, text }: SourceFile): Complaint[] {
  const lines = text.trimEnd().split("\n").length;
  const isIndex = path.endsWith("/src/index.ts") && !LONG_INDEXES.has(path);
  const limit = isIndex ? MAX_INDEX_LINES : MAX_LINES;
  return lines <= limit ? [] : [{ path, line: limit + 1, message: `${lines} lines, at most ${limit}` }];
}
