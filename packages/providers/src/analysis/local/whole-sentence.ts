import type { Sentence } from "./reading.ts";

const MIN_WORDS = 6;
/** "Helmet helps secure Express apps." says at once what a text is about. */
const MIN_OPENING_WORDS = 4;
const MAX_WORDS = 45;
const END = /[.!…。！؟।]["'”’)\]]*$/u;
/** Openings that lean on an earlier sentence, which a summary does not show. */
const LEANING =
  /^(this|that|these|those|it|its|they|their|he|she|his|her|we|here|there|such|then|thus|hence|therefore|however|but|and|or|so|also|moreover|furthermore|otherwise|instead|similarly|likewise|additionally|finally|next|again|still|yet|nevertheless|meanwhile|for example|for instance|in this|in that|in these|as a result|on the other|both|another|if so|see|note|like this|is|are|was|were|does|has|have|can)\b/i;
/** "Gate: the stage …", "4 Pipelines with …": pieces of a list that was run together. */
const LABEL = /^\(?(?:\d+[.)]?\s|[^\s:]+(?: [^\s:]+){0,2}: )/;
/** Sends the reader elsewhere instead of saying something. */
const REFERRAL =
  /^(?:for (?:more|further|details)|please|click|read|visit|contact|check out|refer|take a look|if you|you can find|more information|further information)\b/i;
const LEGAL = /copyright|permission notice|warrant(?:y|ies)|licen[sc]ed under|all rights reserved/i;
const CODE_MARKS = /[{}<>|=\\$]|::|\(\)|->|=>|https?:\/\/|`|\w\([\w'"]/g;

export function endsInMark(text: string): boolean {
  return END.test(text);
}

/** Can this piece stand alone as a sentence: long and short enough, closed, prose and not code, with a verb? */
export function isWhole(
  { text, words, kind }: Sentence,
  { hasGrammar, isSpoken, isFirst }: { hasGrammar: boolean; isSpoken: boolean; isFirst: boolean },
): boolean {
  const real = words.filter((word) => word.partOfSpeech !== "break");
  if (hasGrammar && (real.length < (isFirst ? MIN_OPENING_WORDS : MIN_WORDS) || real.length > MAX_WORDS)) return false;
  if (!hasGrammar && (text.length < 20 || text.length > 400)) return false;
  if (!endsInMark(text) && !(kind === "item" && real.length >= 8) && !isSpoken) return false;
  if (!/^["'“‘(]?[\p{L}\p{N}]/u.test(text) || (/^\p{Ll}/u.test(text) && kind === "prose" && !isSpoken)) return false;
  if ((text.match(CODE_MARKS)?.length ?? 0) > (kind === "item" ? 0 : 2) || !isBalanced(text)) return false;
  if (!hasGrammar) return true;
  // The tagger takes "Help secure apps by setting headers." for nouns: an opening is believed to be a sentence.
  const hasVerb = isFirst || words.some((word) => word.partOfSpeech === "verb");
  return hasVerb && words.filter((word) => word.weight > 0 && word.partOfSpeech !== "break").length >= 2;
}

/** A bracket or quote left open shows that the sentence was cut in the middle. */
function isBalanced(text: string): boolean {
  const count = (mark: string) => text.split(mark).length - 1;
  return count("(") === count(")") && count("[") === count("]") && count('"') % 2 === 0 && count("“") === count("”");
}

/** Needs an earlier sentence, or says nothing itself: no way to begin a summary. */
export function isWeakOpening(text: string): boolean {
  return LEANING.test(text) || REFERRAL.test(text) || LABEL.test(text) || LEGAL.test(text);
}

/** What speaks against showing a sentence without its surroundings, in the unit of its rank (about 0 to 2). */
export function weakness({ text, kind, words }: Sentence): number {
  return (
    (LEANING.test(text) ? 0.5 : 0) +
    (/[:;]$|\?$/.test(text) ? 0.4 : 0) +
    (LABEL.test(text) || REFERRAL.test(text) || LEGAL.test(text) ? 0.8 : 0) +
    (/[→;+]|\.\.\./.test(text) ? 0.15 : 0) +
    (kind === "item" ? 0.15 : 0) +
    (text.includes("(") ? 0.1 : 0) +
    (/\b(I|we|you|your|my|our)\b/i.test(text) ? 0.1 : 0) +
    (words.length > 32 ? 0.2 : 0)
  );
}
