import type { EdgeType } from "../unified-result.ts";
import type { Sentence } from "./reading.ts";

/** A name and the sentences that say it. */
export interface Mention {
  readonly name: string;
  readonly sentences: readonly Sentence[];
  readonly count: number;
}

const MAX_GAP = "[^.;:!?]{0,50}?";
const USES =
  "(?:us(?:e|es|ed|ing)|built (?:with|on|upon|around)|based on|requir(?:e|es|ed|ing)|powered by|(?:runs?|running|works?) (?:on|with|under)|depends? on|written in|implemented in|compiled with|install(?:s|ed|ing)?|deployed (?:on|to)|(?:stor(?:es?|ed)|keeps?|kept|sav(?:es?|ed)|written)(?: [^.;:!?]{0,30})? (?:in|to)|backed by|connects? to|import(?:s|ed|ing)?)";
const CITES =
  "(?:see|cf\\.?|according to|(?:described|defined|specified|documented|reported|shown|introduced) (?:in|by)|cit(?:es?|ed|ing)|as per|refers? to|per)";
const TEACHES =
  /\b(tutorial|how[ -]to|walk-?through|step by step|hands-on|demo|example|guide|cookbook|course|lesson)\b/i;

/** A name as a pattern for whole words; a short or capitalised name only in its own spelling. */
function namePattern(name: string): RegExp {
  const isExact = name.length <= 3;
  return new RegExp(`(?<![\\p{L}\\p{N}_])${escaped(name)}(?![\\p{L}\\p{N}_])`, isExact ? "u" : "iu");
}

export function mentionOf(name: string, sentences: readonly Sentence[]): Mention {
  const pattern = namePattern(name);
  const found = sentences.filter((sentence) => pattern.test(withoutUrls(sentence.text)));
  return { name, sentences: found, count: found.length };
}

/** How the text stands to what it names: by cue words before the name, then by how often it comes up. */
export function edgeTypeFor(mention: Mention, title: string): EdgeType {
  const name = escaped(mention.name);
  const says = (cue: string) => {
    const pattern = new RegExp(`\\b${cue}\\b${MAX_GAP}(?<![\\p{L}\\p{N}_])${name}(?![\\p{L}\\p{N}_])`, "iu");
    return mention.sentences.some((sentence) => pattern.test(sentence.text));
  };
  const isInTitle = namePattern(mention.name).test(title);
  if (isInTitle && TEACHES.test(title)) return "demonstrates";
  if (isInTitle || mention.count >= 8) return "discusses";
  if (says(USES)) return "uses";
  if (says(CITES)) return "cites";
  return mention.count >= 4 ? "discusses" : "mentions";
}

export function isTeachingTitle(title: string): boolean {
  return TEACHES.test(title);
}

function withoutUrls(text: string): string {
  return text.replace(/https?:\/\/\S+/g, " ");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
