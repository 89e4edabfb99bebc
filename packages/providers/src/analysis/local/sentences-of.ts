/** Full stops after these end no sentence. */
const ABBREVIATIONS = new Set(
  "e.g i.e etc vs cf al fig figs eq sec no nos vol pp ed eds dr mr mrs ms prof sr jr st dept inc ltd corp co approx resp ca incl esp u.s u.k jan feb mar apr jun jul aug sep sept oct nov dec".split(
    " ",
  ),
);
/** White space after a closing mark, before something that can open a sentence. */
const BOUNDARY = /(?<=[.!?…][)"'”’\]]{0,3})\s+(?=[\p{Lu}\p{Lt}\p{N}"'“‘([`@$*_<>-]|\p{Emoji_Presentation})/gu;
const MAX_SENTENCE_CHARACTERS = 2_400;
const NEW_THOUGHT = new Set("so now next then but because okay well let's today first finally however".split(" "));
/** A piece does not end in these. */
const HOLDING = new Set(
  "the a an to of in on at for with by from my your our their its this that is are was very".split(" "),
);
const LINKING = new Set(["and", "but", "or", "so"]);
const MIN_SPOKEN_WORDS = 8;
const MAX_SPOKEN_WORDS = 24;

/**
 * A paragraph's sentences, each a piece of the paragraph. Written by hand because a tokeniser that splits at "v1.2.3"
 * or "Node.js" makes fragments of technical prose.
 */
export function sentencesOf(paragraph: string): string[] {
  const sentences: string[] = [];
  let from = 0;
  for (const { index, 0: gap } of paragraph.matchAll(BOUNDARY)) {
    const piece = paragraph.slice(from, index);
    if (endsInAbbreviation(piece)) continue;
    sentences.push(piece);
    from = index + gap.length;
  }
  if (from === 0 && !/[.!?…:;]/.test(paragraph)) return spokenPieces(paragraph);
  sentences.push(paragraph.slice(from));
  return sentences
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "" && sentence.length <= MAX_SENTENCE_CHARACTERS);
}

/** Speech written down without full stops, parted before the words that open a new thought. */
function spokenPieces(paragraph: string): string[] {
  const words = paragraph.split(/\s+/).filter((word) => word !== "");
  if (words.length <= MAX_SPOKEN_WORDS + MIN_SPOKEN_WORDS) return words.length === 0 ? [] : [paragraph.trim()];
  const pieces: string[][] = [[]];
  for (const [at, word] of words.entries()) {
    const piece = pieces.at(-1)!;
    const isLong = piece.length >= MAX_SPOKEN_WORDS && words.length - at >= MIN_SPOKEN_WORDS;
    const isNew = piece.length >= MIN_SPOKEN_WORDS && NEW_THOUGHT.has(word.toLowerCase());
    const before = piece.at(-1)?.toLowerCase() ?? "";
    if ((isLong || isNew) && !HOLDING.has(before)) {
      // "and then" opens a thought together.
      pieces.push(LINKING.has(before) ? [piece.pop()!] : []);
    }
    pieces.at(-1)!.push(word);
  }
  return pieces.map((piece) => piece.join(" "));
}

/** Languages that part sentences by other marks: what the runtime's own rules say. */
export function sentencesIn(language: string, paragraph: string): string[] {
  const segmenter = new Intl.Segmenter(language, { granularity: "sentence" });
  return Array.from(segmenter.segment(paragraph), ({ segment }) => segment.trim()).filter(
    (sentence) => sentence !== "",
  );
}

function endsInAbbreviation(piece: string): boolean {
  const word = /(\S+)\.$/.exec(piece.slice(-30))?.[1]?.replace(/^[("'[]+/, "");
  if (word === undefined) return false;
  // A single capital is an initial: "J. Smith".
  return ABBREVIATIONS.has(word.toLowerCase()) || /^\p{Lu}$/u.test(word);
}
