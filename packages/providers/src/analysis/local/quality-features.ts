import type { DocumentStructure } from "./document-structure.ts";
import { contentWords, type Sentence } from "./reading.ts";

const WINDOW_WORDS = 100;
const SALES =
  /\b(click here|buy now|order now|act now|limited time|special offer|free trial|subscribe now|sign up (?:now|today)|100% free|best price|cheap|discount|earn money|make money|no risk|guaranteed|winner|casino|viagra|unsubscribe|smash that like|follow us)\b/gi;
const CITATION = /\[\d{1,3}\]|\bet al\.|\(\d{4}\)|\bdoi:|\barXiv:|\bRFC \d{3,5}\b/g;

/** What the tier and score rule looks at: each is counted, none is a judgement. */
export interface QualityFeatures {
  readonly words: number;
  readonly sentences: number;
  readonly headings: number;
  readonly items: number;
  readonly tables: number;
  readonly codeBlocks: number;
  /** Different places linked to, and citations. */
  readonly sources: number;
  /** Mean share of different words in a window of 100. */
  readonly richness: number;
  /** Share of words that say something about a subject. */
  readonly density: number;
  /** Share of sentences with a number or a name in them. */
  readonly specificity: number;
  readonly wordsPerSentence: number;
  readonly charactersPerWord: number;
  /** Share of repeated lines and of repeated sentences, the larger one. */
  readonly repetition: number;
  /** Sales phrases, exclamation marks and shouted words per 100 words. */
  readonly spam: number;
  /** Links per 100 words. */
  readonly linkDensity: number;
  /** Share of the commonest content word among all content words. */
  readonly topWordShare: number;
  readonly isPunctuated: boolean;
}

export function measureQuality(
  sentences: readonly Sentence[],
  structure: DocumentStructure,
  repeatedShare: number,
): QualityFeatures {
  const prose = sentences.filter((sentence) => sentence.kind === "prose" || sentence.kind === "item");
  const words = prose.flatMap((sentence) => sentence.words.filter((word) => word.partOfSpeech !== "break"));
  const content = prose.flatMap(contentWords);
  const text = prose.map((sentence) => sentence.text).join(" ");
  const count = (kind: Sentence["kind"]) => structure.blocks.filter((block) => block.kind === kind).length;
  const per100 = (amount: number) => (100 * amount) / Math.max(words.length, 50);
  const shouted = words.filter((word) => /^\p{Lu}{5,}$/u.test(word.text)).length;
  return {
    words: words.length,
    sentences: prose.length,
    headings: structure.headings.length,
    items: count("item"),
    tables: count("table"),
    codeBlocks: structure.codeBlocks.length,
    sources: hostsOf(structure) + new Set(text.match(CITATION)).size,
    richness: richnessOf(words.map((word) => word.key)),
    density: content.length / Math.max(1, words.length),
    specificity: prose.filter(isSpecific).length / Math.max(1, prose.length),
    wordsPerSentence: words.length / Math.max(1, prose.length),
    charactersPerWord: words.reduce((sum, word) => sum + word.text.length, 0) / Math.max(1, words.length),
    repetition: Math.max(
      repeatedShare,
      1 - new Set(prose.map((sentence) => sentence.text)).size / Math.max(1, prose.length),
    ),
    spam: per100((text.match(SALES)?.length ?? 0) * 3 + (text.match(/!/g)?.length ?? 0) + shouted / 2),
    linkDensity: per100(structure.links.length),
    topWordShare: topShare(content.map((word) => word.key)),
    isPunctuated: prose.some((sentence) => /[.!?。！？।؟]["'”’)\]]*$/u.test(sentence.text)),
  };
}

function hostsOf(structure: DocumentStructure): number {
  const hosts = structure.links.map(({ url }) => /^https?:\/\/(?:www\.)?([^/?#:]+)/.exec(url)?.[1]?.toLowerCase());
  return new Set(hosts.filter((host) => host !== undefined && !host.endsWith("shields.io"))).size;
}

function isSpecific(sentence: Sentence): boolean {
  return /\d/.test(sentence.text) || sentence.words.some((word, at) => at > 0 && word.partOfSpeech === "name");
}

function richnessOf(keys: readonly string[]): number {
  if (keys.length === 0) return 0;
  const shares: number[] = [];
  for (let from = 0; from === 0 || from + WINDOW_WORDS <= keys.length; from += WINDOW_WORDS) {
    const window = keys.slice(from, from + WINDOW_WORDS);
    shares.push(new Set(window).size / window.length);
  }
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

function topShare(keys: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts.values()].reduce((top, count) => Math.max(top, count), 0) / Math.max(1, keys.length);
}
