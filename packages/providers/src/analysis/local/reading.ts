import type { Block } from "./document-structure.ts";

/** Parts of speech the rules look at; `break` is punctuation or anything else a phrase cannot run across. */
export type PartOfSpeech = "noun" | "name" | "adjective" | "verb" | "other" | "break";

export interface Word {
  /** As written, with its inner hyphens and dots: "key-value", "Node.js". */
  readonly text: string;
  /** What makes two words the same: stems in lower case, parted by spaces where the word is a compound. */
  readonly key: string;
  readonly partOfSpeech: PartOfSpeech;
  /** How much it says about a text's subject: 0 for words of any text, 1 for rare ones. */
  readonly weight: number;
}

export interface Sentence {
  readonly text: string;
  readonly words: readonly Word[];
  readonly kind: Block["kind"];
  readonly section: number;
  /** Place of its block in the document, and its own place in the block. */
  readonly block: number;
  readonly place: number;
}

/** Turns blocks into sentences of words, for one language. */
export interface LanguageReader {
  readonly language: string;
  /** Does it know parts of speech? Without them every word that is no stop word counts as a noun. */
  readonly hasGrammar: boolean;
  readSentence(text: string): readonly Word[];
  sentences(paragraph: string): readonly string[];
}

/** All sentences of the blocks that hold prose, in order. */
export function readSentences(blocks: readonly Block[], reader: LanguageReader): Sentence[] {
  const sentences: Sentence[] = [];
  for (const [block, { kind, text, section }] of blocks.entries()) {
    if (kind === "code") continue;
    const pieces = kind === "heading" || kind === "table" ? [text] : reader.sentences(text);
    for (const [place, piece] of pieces.entries()) {
      sentences.push({ text: piece, words: reader.readSentence(piece), kind, section, block, place });
    }
  }
  return sentences;
}

/** The words a phrase can be made of. */
export function contentWords(sentence: Sentence): Word[] {
  return sentence.words.filter(
    (word) => word.weight > 0 && word.partOfSpeech !== "break" && word.partOfSpeech !== "other",
  );
}
