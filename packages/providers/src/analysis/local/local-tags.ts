import type { AnalysisContext } from "../analyser.ts";
import { isTag } from "../rules/tags.ts";
import { isSubject, type KeyPhrase } from "./key-phrases.ts";
import type { LanguageReader } from "./reading.ts";

const MAX_KNOWN = 10;
const MAX_NEW_PROPOSALS = 12;
/** Names whose punctuation a tag cannot hold. */
const SPELLINGS: Readonly<Record<string, string>> = {
  "c++": "cpp",
  "c#": "csharp",
  "f#": "fsharp",
  "objective-c": "objective-c",
};

/** Tags for a text, best first: the owner's own ones that the text speaks of, then new ones from its key phrases. */
export function proposeTags(
  phrases: readonly KeyPhrase[],
  counts: ReadonlyMap<string, number>,
  context: AnalysisContext,
  reader: LanguageReader,
): string[] {
  const known = knownTags(phrases, counts, context, reader);
  const fresh = phrases
    .filter((phrase) => isSubject(phrase) && !isPassingName(phrase))
    .slice(0, MAX_NEW_PROPOSALS * 3)
    .map((phrase) => tagOf(phrase.text))
    .filter((tag) => tag !== null && !known.some((other) => other.split("-").includes(tag))) as string[];
  return [...known, ...withoutParts(fresh).slice(0, MAX_NEW_PROPOSALS)];
}

/** A name of several words said in passing: mostly a person or a company the tagger does not know. */
function isPassingName({ isName, text, count, isInTitle, headings }: KeyPhrase): boolean {
  return isName && text.includes(" ") && count < 4 && !isInTitle && headings.length === 0;
}

/** A phrase as a tag; null where none can be made of it without guessing. */
export function tagOf(phrase: string): string | null {
  const lower = phrase.toLowerCase();
  const tag =
    SPELLINGS[lower] ??
    lower
      .normalize("NFD")
      .replace(/\p{M}|['’]s?\b|\.(?=\w)/gu, "")
      .replace(/[\s_/-]+/g, "-");
  return isTag(tag) && tag.length >= 3 && tag.length <= 35 && !tag.endsWith("-") ? tag : null;
}

/** "queue" says no more than "job-queue" once that is there, and the other way round. */
function withoutParts(tags: readonly string[]): string[] {
  const kept: string[] = [];
  for (const tag of tags) {
    const parts = new Set(tag.split("-"));
    const isCovered = kept.some((other) => {
      const words = other.split("-");
      // "python3" beside "python".
      if (tag.replace(/[\d.-]+$/, "") === other) return true;
      return [...parts].every((part) => words.includes(part)) || words.every((word) => parts.has(word));
    });
    if (!isCovered) kept.push(tag);
  }
  return kept;
}

/** The owner's tags that the text really speaks of: said twice, or a key phrase, or often seen beside one that is. */
function knownTags(
  phrases: readonly KeyPhrase[],
  counts: ReadonlyMap<string, number>,
  context: AnalysisContext,
  reader: LanguageReader,
): string[] {
  const scores = new Map(phrases.map((phrase) => [phrase.key, phrase.score]));
  const isShort = [...counts.values()].reduce((sum, count) => sum + count, 0) < 600;
  const said = (spelling: string) => counts.get(keyOf(spelling, reader)) ?? 0;
  const found = new Map<string, number>();
  const consider = (spelling: string, tag: string) => {
    const count = said(spelling);
    const score = scores.get(keyOf(spelling, reader)) ?? 0;
    if (isTag(tag) && (count >= 2 || score > 0 || (isShort && count > 0))) {
      found.set(tag, Math.max(found.get(tag) ?? 0, score + Math.log2(1 + count)));
    }
  };
  for (const { name } of context.tags) consider(name.replaceAll("-", " "), name);
  for (const { variant, canonical } of context.aliases) consider(variant.replaceAll("-", " "), canonical);
  for (const { tags } of context.tag_pairs) {
    for (const [here, other] of [tags, [tags[1], tags[0]]] as const) {
      if (found.has(here) && !found.has(other) && isTag(other) && said(other.replaceAll("-", " ")) > 0)
        found.set(other, 0.5);
    }
  }
  return [...found]
    .sort(([a, score], [b, rival]) => rival - score || (a < b ? -1 : 1))
    .slice(0, MAX_KNOWN)
    .map(([tag]) => tag);
}

function keyOf(spelling: string, reader: LanguageReader): string {
  return reader
    .readSentence(spelling)
    .map((word) => word.key)
    .join(" ");
}
