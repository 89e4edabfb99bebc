import type { Confidence, EdgeType } from "../unified-result.ts";
import type { DocumentStructure } from "./document-structure.ts";
import { isSubject, type KeyPhrase } from "./key-phrases.ts";
import { KNOWN_TOOLS } from "./known-tools.ts";
import type { LanguageReader } from "./reading.ts";

const MAX_TOPICS = 7;
const MAX_HEADING_WORDS = 4;
/** A phrase that stays this much inside one section, and comes so often, belongs to that section's heading. */
const SECTION_SHARE = 0.8;
const MIN_SECTION_COUNT = 3;
/** Headings of any document: they name no subject. */
const EMPTY_HEADING =
  /^(\d+\s+)?(introduction|overview|about|background|summary|abstract|conclusions?|contents?|table of contents|usage|install(ation|ing)?|getting started|quick ?start|setup|examples?|api|api reference|reference|references|options?|configuration|license|licence|contributing|contributors?|credits?|acknowledge?ments?|changelog|history|faq|see also|notes?|features?|requirements?|prerequisites|documentation|docs|support|security|tests?|testing|todo|roadmap|links?|resources|related|further reading|appendix|authors?|name|synopsis|description|files|bugs|motivation|goals?|why|what|how|the problem|status|types?|compatib\w+|methods?|functions?|parameters?|arguments?|contact|terminology|terms|definitions?|misc\w*|general|basics?|details?|discussion|results?|methods|part \w+|chapter \w+|section \w+|step \d+)\b\W*$/i;

export interface ProposedTopic {
  readonly name: string;
  readonly confidence: Confidence;
  readonly edge_type: EdgeType;
  readonly hierarchy: readonly string[];
}

/** What a text is about: its leading key phrases, one for each cluster, under the heading they belong to. */
export function proposeTopics(
  phrases: readonly KeyPhrase[],
  structure: DocumentStructure,
  existing: readonly string[],
  isTeaching: boolean,
  reader: LanguageReader,
): ProposedTopic[] {
  const leaders: KeyPhrase[] = [];
  for (const phrase of phrases) {
    if (leaders.length >= MAX_TOPICS) break;
    if (!isSubject(phrase) || phrase.text.length < 3 || leaders.some((leader) => isOneCluster(leader, phrase)))
      continue;
    leaders.push(phrase);
  }
  const best = leaders[0]?.score ?? 1;
  return leaders.map((phrase, rank) => {
    const name = displayName(phrase);
    return {
      name,
      confidence: confidenceOf(phrase, best),
      edge_type: rank > 3 ? "mentions" : isTeaching && rank === 0 ? "demonstrates" : "discusses",
      hierarchy: knownHierarchy(name, existing) ?? headingHierarchy(phrase, name, structure, reader),
    };
  });
}

/** Phrases that share a word that matters are one subject: "rate limit", "rate limiter". */
function isOneCluster(left: KeyPhrase, right: KeyPhrase): boolean {
  if (right.key.replace(/\d+$/, "") === left.key) return true;
  const parts = new Set(left.key.split(" "));
  const others = right.key.split(" ");
  const shared = others.filter((part) => parts.has(part)).length;
  return shared > 0 && shared >= Math.min(parts.size, others.length) / 2;
}

function confidenceOf(phrase: KeyPhrase, best: number): Confidence {
  const isProminent = phrase.isInTitle || phrase.headings.length > 0;
  if (phrase.count >= 4 && (isProminent || phrase.score > best * 0.6)) return "high";
  return phrase.count >= 2 || isProminent ? "medium" : "low";
}

/** Names stay as written, everything else starts with a capital. */
function displayName(phrase: KeyPhrase): string {
  const known = KNOWN_TOOLS.get(phrase.text.toLowerCase());
  if (known !== undefined) return known.name;
  // "iOS client" keeps its small letter, "asynchronous APIs" does not.
  if (/\p{Lu}/u.test(phrase.text.split(" ")[0]!)) return phrase.text;
  return phrase.text.charAt(0).toUpperCase() + phrase.text.slice(1);
}

/** The owner's own hierarchy, where one ends in this name. */
function knownHierarchy(name: string, existing: readonly string[]): string[] | null {
  for (const topic of existing) {
    const hierarchy = topic.split(">").map((part) => part.trim());
    if (hierarchy.at(-1)?.toLowerCase() === name.toLowerCase()) return hierarchy;
  }
  return null;
}

/** Under the heading whose section it stays in, or under the parent of the heading that names it. */
function headingHierarchy(
  phrase: KeyPhrase,
  name: string,
  { headings }: DocumentStructure,
  reader: LanguageReader,
): string[] {
  // What the whole text is about belongs under no part of it.
  if (phrase.isInTitle) return [name];
  const named = phrase.headings.length === 1 ? parentOf(phrase.headings[0]!, headings) : null;
  const above = named !== null && isMostlyUnder(phrase, named, headings) ? named : mainSection(phrase);
  const parent = above === null ? "" : headings[above]!.text.replace(/^[\d.]+\s+/, "");
  const isOther =
    !parent.toLowerCase().includes(name.toLowerCase()) && !name.toLowerCase().includes(parent.toLowerCase());
  return namesThing(parent, reader) && isOther ? [parent, name] : [name];
}

/** A heading that names a thing ("Connection pooling"), not an act or a place in the document. */
function namesThing(heading: string, reader: LanguageReader): boolean {
  if (heading === "" || heading.includes(">") || EMPTY_HEADING.test(heading)) return false;
  const words = reader.readSentence(heading);
  const isThing = words.every((word) => word.weight > 0 && !["break", "verb", "other"].includes(word.partOfSpeech));
  return isThing && words.length <= MAX_HEADING_WORDS;
}

/** Half of its occurrences are in the part of the document that the heading opens. */
function isMostlyUnder(phrase: KeyPhrase, heading: number, headings: DocumentStructure["headings"]): boolean {
  const after = headings.findIndex((other, at) => at > heading && other.level <= headings[heading]!.level);
  const end = after === -1 ? headings.length : after;
  return phrase.sections.filter((section) => section >= heading && section < end).length * 2 >= phrase.sections.length;
}

function mainSection(phrase: KeyPhrase): number | null {
  const counts = new Map<number, number>();
  for (const section of phrase.sections) counts.set(section, (counts.get(section) ?? 0) + 1);
  const [section, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [-1, 0];
  return section >= 0 && count >= MIN_SECTION_COUNT && count >= phrase.sections.length * SECTION_SHARE ? section : null;
}

function parentOf(heading: number, headings: DocumentStructure["headings"]): number | null {
  for (let at = heading - 1; at >= 0; at--) if (headings[at]!.level < headings[heading]!.level) return at;
  return null;
}
