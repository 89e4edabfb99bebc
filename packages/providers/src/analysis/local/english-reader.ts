import type { ItsFunction, WinkMethods } from "wink-nlp";
import { EMPTY_WORDS, GENERAL_WORDS } from "./common-words.ts";
import type { LanguageReader, PartOfSpeech, Word } from "./reading.ts";
import { sentencesOf } from "./sentences-of.ts";

const GENERAL_WEIGHT = 0.4;
const MAX_COMPOUND_PARTS = 5;
/** What can stand inside a word without ending it. */
const JOINERS = new Set(["-", "‑", ".", "/", "_", "+", "#", "&", "@", "::"]);
const WORD = /^\p{L}[\p{L}\p{M}\p{N}.+#&/_-]*$/u;

const PARTS_OF_SPEECH: Readonly<Record<string, PartOfSpeech>> = {
  NOUN: "noun",
  PROPN: "name",
  ADJ: "adjective",
  VERB: "verb",
  AUX: "verb",
  PUNCT: "break",
  SYM: "break",
  SPACE: "break",
};

interface Token {
  readonly text: string;
  readonly stem: string;
  readonly partOfSpeech: PartOfSpeech;
  readonly isStop: boolean;
  readonly isGlued: boolean;
}

let loading: Promise<LanguageReader> | undefined;

/** English by wink-nlp's model, loaded (about 0.1 s) when the first text asks for it and kept. */
export function englishReader(): Promise<LanguageReader> {
  loading ??= load();
  return loading;
}

async function load(): Promise<LanguageReader> {
  const [{ default: winkNlp }, { default: model }] = await Promise.all([
    import("wink-nlp"),
    import("wink-eng-lite-web-model"),
  ]);
  const wink = winkNlp(model, ["pos"]);
  const weights = backgroundWeights(wink);
  return {
    language: "eng",
    hasGrammar: true,
    sentences: sentencesOf,
    readSentence: (text) => withNamedActions(wordsOf(tokensOf(wink, text), weights)),
  };
}

function backgroundWeights(wink: WinkMethods): ReadonlyMap<string, number> {
  const stems = (list: readonly string[]) =>
    list.flatMap(
      (word) =>
        wink
          .readDoc(word)
          .tokens()
          .out(wink.its.stem as ItsFunction<string>) as string[],
    );
  const weights = new Map<string, number>();
  for (const stem of stems(EMPTY_WORDS)) weights.set(stem, 0);
  // Words in both lists are general: alone they say nothing, in a phrase they do.
  for (const stem of stems(GENERAL_WORDS)) weights.set(stem, GENERAL_WEIGHT);
  return weights;
}

function tokensOf(wink: WinkMethods, text: string): Token[] {
  const tokens = wink.readDoc(text).tokens();
  // wink's types describe other features than the ones it exports.
  const out = <T>(feature: unknown) => tokens.out(feature as ItsFunction<T>) as T[];
  const texts = out<string>(wink.its.value);
  const stems = out<string>(wink.its.stem);
  const parts = out<string>(wink.its.pos);
  const stops = out<boolean>(wink.its.stopWordFlag);
  const spaces = out<string>(wink.its.precedingSpaces);
  return texts.map((value, at) => ({
    text: value,
    stem: stems[at]!.toLowerCase(),
    partOfSpeech: PARTS_OF_SPEECH[parts[at]!] ?? "other",
    isStop: stops[at]!,
    isGlued: at > 0 && spaces[at] === "",
  }));
}

/** Glues what wink parts: "Node" "." "js" is one word, and so is "key" "-" "value". */
function wordsOf(tokens: readonly Token[], weights: ReadonlyMap<string, number>): Word[] {
  const words: Word[] = [];
  for (let at = 0; at < tokens.length; ) {
    let end = at + 1;
    while (end < tokens.length && tokens[end]!.isGlued && (isJoiner(tokens[end]!) || isJoiner(tokens[end - 1]!))) end++;
    const parts = tokens.slice(at, end);
    while (parts.length > 1 && isTrailing(parts)) parts.pop();
    words.push(wordOf(parts, weights));
    at += parts.length;
  }
  return words;
}

/** "Machine learning is …": an action named after a thing, with no object of its own, is a thing; the tagger says verb. */
function withNamedActions(words: readonly Word[]): Word[] {
  return words.map((word, at) => {
    const before = words[at - 1]?.partOfSpeech;
    const after = words[at + 1]?.partOfSpeech ?? "break";
    const isNamed = (before === "noun" || before === "name") && (after === "verb" || after === "break");
    return word.partOfSpeech === "verb" && isNamed && /\p{L}{2}ing$/u.test(word.text)
      ? { ...word, partOfSpeech: "noun" }
      : word;
  });
}

function isJoiner(token: Token): boolean {
  return JOINERS.has(token.text);
}

/** A full stop or slash at the end belongs to the sentence; "C++" and "C#" keep theirs. */
function isTrailing(parts: readonly Token[]): boolean {
  const last = parts.at(-1)!;
  if (!isJoiner(last)) return false;
  return !((last.text === "+" || last.text === "#") && parts.length <= 3 && /^[A-Z]$/.test(parts[0]!.text));
}

function wordOf(parts: readonly Token[], weights: ReadonlyMap<string, number>): Word {
  const text = parts.map((part) => part.text).join("");
  const real = parts.filter((part) => !isJoiner(part));
  const lettered = real.filter((part) => part.partOfSpeech !== "break");
  if (!WORD.test(text) || lettered.length === 0 || lettered.length > MAX_COMPOUND_PARTS) {
    return { text, key: text.toLowerCase(), partOfSpeech: "break", weight: 0 };
  }
  const last = lettered.at(-1)!;
  const isCompound = lettered.length > 1;
  const isSpecial = /[+#]$/.test(text);
  const key = isSpecial ? text.toLowerCase() : lettered.map((part) => part.stem).join(" ");
  return {
    text,
    key,
    partOfSpeech: isCompound ? compoundPart(lettered, text) : last.partOfSpeech,
    weight: weightOf(lettered, weights, isSpecial),
  };
}

/** A compound is named by its last part; "rate-limiting" is a thing, though "limiting" alone is an action. */
function compoundPart(parts: readonly Token[], text: string): PartOfSpeech {
  if (parts.some((part) => part.partOfSpeech === "name")) return "name";
  const last = parts.at(-1)!;
  if (last.partOfSpeech === "verb") return text.endsWith("ing") ? "noun" : "adjective";
  return last.partOfSpeech;
}

function weightOf(parts: readonly Token[], weights: ReadonlyMap<string, number>, isSpecial: boolean): number {
  if (isSpecial) return 1;
  if (parts.every((part) => part.isStop)) return 0;
  const known = parts.map((part) => (part.isStop ? 0 : (weights.get(part.stem) ?? (part.text.length === 1 ? 0 : 1))));
  return known.reduce((sum, weight) => sum + weight, 0) / known.length;
}
