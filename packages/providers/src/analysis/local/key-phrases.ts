import type { DocumentStructure } from "./document-structure.ts";
import { KNOWN_TOOLS } from "./known-tools.ts";
import type { LanguageReader, Sentence, Word } from "./reading.ts";

const MAX_WORDS = 4;
const MIN_WEIGHT = 0.6;
const MIN_PHRASE_WEIGHT = 0.4;
/** In a text longer than this a phrase has to come twice, or stand in a heading, to count. */
const SHORT_TEXT_WORDS = 250;
const TITLE_BOOST = 1.8;
const HEADING_BOOST = 1.4;
const OPENING_BOOST = 1.15;
const NAME_BOOST = 1.15;
/** Each further word makes a phrase more specific; said once, it may be chance. */
const LENGTH_BOOST = 0.45;
const CHANCE_BOOST = 0.1;
const OPENING_SENTENCES = 5;
/** A program's own names ("owner_id", "UrlObject") are details of a text that explains it. */
const IDENTIFIER_PENALTY = 0.35;

/** A phrase of one to four words that a text keeps coming back to. */
export interface KeyPhrase {
  /** Stems parted by spaces: what its spellings share. */
  readonly key: string;
  /** Its commonest spelling in the text. */
  readonly text: string;
  readonly count: number;
  readonly score: number;
  /** Mean weight of its words, 0 to 1. */
  readonly weight: number;
  readonly isName: boolean;
  readonly isInTitle: boolean;
  /** Headings (indexes) that hold it, and the section of each occurrence. */
  readonly headings: readonly number[];
  readonly sections: readonly number[];
}

interface Candidate {
  readonly key: string;
  readonly weight: number;
  readonly size: number;
  readonly spellings: Map<string, number>;
  readonly sections: number[];
  names: number;
  /** Occurrences inside each longer candidate. */
  readonly within: Map<string, number>;
  isInOpening: boolean;
}

/** Noun phrases ranked by frequency against the background, place and length (in the manner of C-value and TF-IDF). */
export function keyPhrases(
  sentences: readonly Sentence[],
  structure: DocumentStructure,
  title: readonly Word[],
  reader: LanguageReader,
): KeyPhrase[] {
  const candidates = new Map<string, Candidate>();
  let words = 0;
  for (const [index, sentence] of sentences.entries()) {
    words += sentence.words.length;
    for (const run of runsOf(sentence.words, reader)) count(run, sentence, index < OPENING_SENTENCES, candidates);
  }
  const titleKeys = keysIn(title);
  const identifiers = new Set(structure.inlineCode);
  const headingKeys = structure.headings.map((heading) => keysIn(reader.readSentence(heading.text)));
  const least = words <= SHORT_TEXT_WORDS ? 1 : 2;
  const phrases: KeyPhrase[] = [];
  for (const candidate of candidates.values()) {
    const headings = headingKeys.flatMap((keys, at) => (keys.has(candidate.key) ? [at] : []));
    const isInTitle = titleKeys.has(candidate.key);
    const total = candidate.sections.length;
    if (total < least && headings.length === 0 && !isInTitle) continue;
    const spelling = commonest(candidate.spellings);
    const isName = candidate.names * 2 > total;
    const own = ownCount(candidate, candidates, least, titleKeys);
    const spread = Math.sqrt(new Set(candidate.sections).size);
    const score =
      candidate.weight *
      Math.log2(1 + own) *
      (1 + (total >= 2 || isInTitle ? LENGTH_BOOST : CHANCE_BOOST) * (candidate.size - 1)) *
      (0.7 + 0.3 * spread) *
      (isInTitle ? TITLE_BOOST : 1) *
      (headings.length > 0 ? HEADING_BOOST : 1) *
      (candidate.isInOpening ? OPENING_BOOST : 1) *
      (isName ? NAME_BOOST : 1) *
      (isIdentifier(spelling, identifiers) && !isInTitle ? IDENTIFIER_PENALTY : 1);
    const { key, weight, sections } = candidate;
    phrases.push({ key, text: spelling, count: total, score, weight, isName, isInTitle, headings, sections });
  }
  return phrases.sort((a, b) => b.score - a.score || (a.key < b.key ? -1 : 1));
}

function isIdentifier(spelling: string, inlineCode: ReadonlySet<string>): boolean {
  if (KNOWN_TOOLS.has(spelling.toLowerCase())) return false;
  const isCamel = /\p{Ll}\p{Lu}/u.test(spelling) && /^\p{Ll}/u.test(spelling);
  return inlineCode.has(spelling) || isCamel || /[_@:/]|\w\.\w|\.$/.test(spelling);
}

/** Two general words that keep company name a subject ("machine learning"); one alone only where the title says it too. */
export function isSubject({ weight, count, key, isInTitle }: KeyPhrase): boolean {
  return weight >= MIN_WEIGHT || (weight >= MIN_PHRASE_WEIGHT && count >= 2 && (isInTitle || key.includes(" ")));
}

/** Puts "decision records" in the place of "decision" where the longer phrase is said twice and ranks near it. */
export function specialised(phrases: readonly KeyPhrase[]): KeyPhrase[] {
  const taken = new Set<string>();
  return phrases.flatMap((phrase) => {
    if (taken.has(phrase.key)) return [];
    const longer =
      phrase.isName || phrase.key.includes(" ") ? undefined : phrases.find((other) => isSpecialForm(other, phrase));
    const chosen = longer ?? phrase;
    if (taken.has(chosen.key)) return [];
    taken.add(chosen.key);
    return [chosen];
  });
}

function isSpecialForm(longer: KeyPhrase, phrase: KeyPhrase): boolean {
  const parts = longer.key.split(" ");
  return parts.length > 1 && parts.includes(phrase.key) && longer.count >= 2 && longer.score >= phrase.score * 0.5;
}

/** All stems and neighbouring stems of a line, as phrase keys. */
function keysIn(words: readonly Word[]): Set<string> {
  const keys = new Set<string>();
  for (let from = 0; from < words.length; from++) {
    for (let to = from + 1; to <= Math.min(words.length, from + MAX_WORDS); to++) {
      keys.add(
        words
          .slice(from, to)
          .map((word) => word.key)
          .join(" "),
      );
    }
  }
  return keys;
}

/** Longest stretches of adjectives and nouns, without empty words. */
function runsOf(words: readonly Word[], reader: LanguageReader): Word[][] {
  const runs: Word[][] = [[]];
  for (const word of words) {
    const isPart =
      word.weight > 0 &&
      (word.partOfSpeech === "noun" || word.partOfSpeech === "name" || word.partOfSpeech === "adjective");
    if (!isPart) runs.push([]);
    // An adjective after a noun starts the next phrase.
    else if (word.partOfSpeech === "adjective" && runs.at(-1)!.some((earlier) => earlier.partOfSpeech !== "adjective"))
      runs.push([word]);
    else runs.at(-1)!.push(word);
    // Without a grammar neighbouring words are no phrase.
    if (isPart && !reader.hasGrammar) runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

function count(
  run: readonly Word[],
  sentence: Sentence,
  isInOpening: boolean,
  candidates: Map<string, Candidate>,
): void {
  for (let from = 0; from < run.length; from++) {
    for (let to = from + 1; to <= Math.min(run.length, from + MAX_WORDS); to++) {
      const words = run.slice(from, to);
      if (words.at(-1)!.partOfSpeech === "adjective" || new Set(words.map((word) => word.key)).size < words.length)
        continue;
      const key = words.map((word) => word.key).join(" ");
      const weight = words.reduce((sum, word) => sum + word.weight, 0) / words.length;
      const candidate: Candidate = candidates.get(key) ?? {
        key,
        weight,
        size: key.split(" ").length,
        spellings: new Map(),
        sections: [],
        within: new Map(),
        names: 0,
        isInOpening: false,
      };
      candidates.set(key, candidate);
      const spelling = words.map((word) => word.text).join(" ");
      candidate.spellings.set(spelling, (candidate.spellings.get(spelling) ?? 0) + 1);
      candidate.sections.push(sentence.section);
      if (words.every((word) => word.partOfSpeech === "name")) candidate.names++;
      for (const longer of longerThan(run, from, to))
        candidate.within.set(longer, (candidate.within.get(longer) ?? 0) + 1);
      if (isInOpening && sentence.kind === "prose") candidate.isInOpening = true;
    }
  }
}

/** Keys of the runs one word longer on either side. */
function longerThan(run: readonly Word[], from: number, to: number): string[] {
  const key = (start: number, end: number) =>
    run
      .slice(start, end)
      .map((word) => word.key)
      .join(" ");
  const isThing = (end: number) => run[end - 1]!.partOfSpeech !== "adjective";
  return [
    ...(from > 0 && isThing(to) ? [key(from - 1, to)] : []),
    ...(to < run.length && isThing(to + 1) ? [key(from, to + 1)] : []),
  ];
}

/** Occurrences that are not one longer phrase's: a word that lives inside one phrase is no phrase of its own. */
function ownCount(
  candidate: Candidate,
  all: ReadonlyMap<string, Candidate>,
  least: number,
  title: ReadonlySet<string>,
): number {
  const total = candidate.sections.length;
  const [longest, count] = [...candidate.within].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0] ?? ["", 0];
  const isPhrase = (all.get(longest)?.sections.length ?? 0) >= Math.max(2, least) || title.has(longest);
  if (!isPhrase || count < total * 0.35) return total;
  return Math.max(total - count, 0.3);
}

/** The commonest spelling; among equals the shortest (the singular), then the one with fewer capitals. */
function commonest(spellings: ReadonlyMap<string, number>): string {
  const ranked = [...spellings].sort(
    ([a, uses], [b, others]) => others - uses || a.length - b.length || (a > b ? -1 : 1),
  );
  return ranked[0]![0];
}

/** Does a text say this phrase at all? Counts by key, whatever its rank. */
export function phraseCounts(sentences: readonly Sentence[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { words } of sentences) {
    for (let from = 0; from < words.length; from++) {
      for (let to = from + 1; to <= Math.min(words.length, from + MAX_WORDS); to++) {
        const key = words
          .slice(from, to)
          .map((word) => word.key)
          .join(" ");
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
  }
  return counts;
}
