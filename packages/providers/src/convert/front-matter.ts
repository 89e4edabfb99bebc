import type { Json, StageWarning } from "@millrace/core";
import { parseDocument } from "yaml";
import { cleanJson, cleanLine } from "./clean-text.ts";
import { withinTime } from "./within-time.ts";

export interface FrontMatter {
  readonly fields: { readonly [key: string]: Json };
  /** The text after it; all of the text when there is none. */
  readonly body: string;
  readonly warnings: readonly StageWarning[];
}

/** More YAML than this is not front matter that a person wrote. */
const MAX_CHARACTERS = 64 * 1024;
const PARSE_LIMIT_MS = 2_000;
/** Keeps what goes to the job's row small. */
const FIELD_LIMITS = { depth: 6, entries: 100, characters: 1_000 };
const MAX_FIELDS_CHARACTERS = 16 * 1024;

/** Where the block between the two `---` lines lies; undefined without one. */
function blockOf(text: string): { readonly yaml: string; readonly bodyAt: number } | undefined {
  const open = /^---[ \t]*\n/.exec(text);
  if (open === null) return undefined;
  const close = /^(?:---|\.\.\.)[ \t]*$/gm;
  close.lastIndex = open[0].length;
  const end = close.exec(text);
  if (end === null) return undefined;
  return { yaml: text.slice(open[0].length, end.index), bodyAt: end.index + end[0].length };
}

function parseFields(yaml: string): Record<string, unknown> | "not a mapping" {
  return withinTime(PARSE_LIMIT_MS, () => {
    // the core schema knows no tag that makes anything but plain values; aliases are counted against bombs
    const document = parseDocument(yaml, { schema: "core", merge: false, uniqueKeys: false, logLevel: "silent" });
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    const value: unknown = document.toJS({ maxAliasCount: 50 });
    if (value === null) return {};
    return typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : "not a mapping";
  });
}

/** Takes YAML front matter off a text. Broken or oversized YAML means no fields and a warning, never an error (A2.3 4c). */
export function splitFrontMatter(text: string): FrontMatter {
  const block = blockOf(text);
  if (block === undefined) return { fields: {}, body: text, warnings: [] };
  const body = text.slice(block.bodyAt).replace(/^\n+/, "");
  if (block.yaml.length > MAX_CHARACTERS) {
    const message = `front matter of ${block.yaml.length} characters was left out; at most ${MAX_CHARACTERS} are read`;
    return { fields: {}, body, warnings: [{ code: "FRONT_MATTER_TOO_LARGE", message }] };
  }
  try {
    const value = parseFields(block.yaml);
    // a text that merely starts with a horizontal rule
    if (value === "not a mapping") return { fields: {}, body: text, warnings: [] };
    const fields = cleanJson(value, FIELD_LIMITS) as { readonly [key: string]: Json };
    if (JSON.stringify(fields).length <= MAX_FIELDS_CHARACTERS) return { fields, body, warnings: [] };
    const message = "front matter holds too much to keep; only its title and tags were read";
    const { title = null, tags = null } = fields;
    return { fields: { title, tags }, body, warnings: [{ code: "FRONT_MATTER_TOO_LARGE", message }] };
  } catch (error) {
    const reason = error instanceof Error ? (cleanLine(error.message, 200) ?? error.name) : "unreadable";
    const isLikelyFrontMatter = /^\s*[\w-]+[ \t]*:/.test(block.yaml.slice(0, 200));
    const warning = { code: "FRONT_MATTER_BROKEN", message: `front matter is not valid YAML: ${reason}` };
    return { fields: {}, body: isLikelyFrontMatter ? body : text, warnings: [warning] };
  }
}

/** Tags as front matter writes them: a list, or one string with commas. */
export function tagsOf(value: Json | undefined): string[] {
  const items = typeof value === "string" ? value.split(",") : Array.isArray(value) ? value : [];
  return items
    .filter((item): item is string | number => typeof item === "string" || typeof item === "number")
    .map((item) => cleanLine(String(item), 100))
    .filter((tag): tag is string => tag !== null);
}
