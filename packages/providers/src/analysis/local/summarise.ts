import type { KeyPhrase } from "./key-phrases.ts";
import { contentWords, type Sentence } from "./reading.ts";
import { endsInMark, isWeakOpening, isWhole, weakness } from "./whole-sentence.ts";

const MAX_RANKED = 160;
const DAMPING = 0.85;
const ROUNDS = 25;
const LEAD_SENTENCES = 3;
const BULLETS = 5;
const MIN_BULLETS = 3;
/** How much a sentence loses for saying what a chosen one says already. */
const REDUNDANCY = 0.7;
const MAX_BULLET_CHARACTERS = 280;

/** "X is a …" says what a text is about. */
const DEFINITION =
  /^[^,.;:]{2,60}? (?:is|are|provides|describes|specifies|defines|allows|lets|helps|explains|implements) (?!not\b)/;
const OPENING_SENTENCES = 12;

interface Ranked {
  readonly sentence: Sentence;
  readonly order: number;
  readonly keys: ReadonlySet<string>;
  readonly score: number;
}

/** Two or three of the text's own sentences and three to five more as bullets, chosen by TextRank and place. */
export function summarise(sentences: readonly Sentence[], phrases: readonly KeyPhrase[], hasGrammar: boolean): string {
  const isSpoken = !sentences.some((sentence) => sentence.kind === "prose" && endsInMark(sentence.text));
  const ranked = rank(eligible(sentences, hasGrammar, isSpoken), phrases);
  if (ranked.length === 0) return opening(sentences);
  const lead = choose(
    ranked.filter(({ sentence }) => sentence.kind === "prose"),
    ranked.length >= 8 ? LEAD_SENTENCES : 2,
    [],
  );
  const first = lead.length > 0 ? lead : choose(ranked, 2, []);
  const rest = ranked.filter((entry) => !first.includes(entry) && entry.sentence.text.length <= MAX_BULLET_CHARACTERS);
  const bullets = choose(rest, BULLETS, first);
  // A piece of unpunctuated speech is shown as a piece.
  const shown = ({ sentence }: Ranked) =>
    isSpoken && sentence.kind === "prose" ? `… ${sentence.text} …` : sentence.text;
  const text = first.map(shown).join(" ").replaceAll("… …", "…");
  if (bullets.length < MIN_BULLETS) return text;
  return `${text}\n\n${bullets.map((bullet) => `- ${shown(bullet)}`).join("\n")}`;
}

/** Whole sentences of a sensible length that are prose, not code. */
function eligible(sentences: readonly Sentence[], hasGrammar: boolean, isSpoken: boolean): Sentence[] {
  const seen = new Set<string>();
  const first = sentences.find((sentence) => sentence.kind === "prose");
  const whole = sentences.filter((sentence) => {
    if (sentence.kind !== "prose" && sentence.kind !== "item") return false;
    if (seen.has(sentence.text)) return false;
    seen.add(sentence.text);
    return isWhole(sentence, { hasGrammar, isSpoken, isFirst: sentence === first });
  });
  if (whole.length <= MAX_RANKED) return whole;
  // Too many to compare pairwise: the opening, and an even sample of the rest.
  const head = whole.slice(0, MAX_RANKED / 4);
  const rest = whole.slice(head.length);
  const step = rest.length / (MAX_RANKED - head.length);
  return [...head, ...Array.from({ length: MAX_RANKED - head.length }, (_, at) => rest[Math.floor(at * step)]!)];
}

function rank(sentences: readonly Sentence[], phrases: readonly KeyPhrase[]): Ranked[] {
  const keys = sentences.map((sentence) => new Set(contentWords(sentence).map((word) => word.key)));
  const central = textRank(keys);
  const top = new Map(phrases.slice(0, 25).map((phrase) => [phrase.key, phrase.score]));
  const best = Math.max(1e-9, ...top.values());
  return sentences.map((sentence, order) => {
    const value = [...keys[order]!].reduce((sum, key) => sum + (top.get(key) ?? 0) / best, 0);
    const density = Math.min(1, value / 3);
    const score = central[order]! + 0.8 * density + placeBonus(sentence, order) - weakness(sentence);
    return { sentence, order, keys: keys[order]!, score };
  });
}

function placeBonus(sentence: Sentence, order: number): number {
  const { text, place, kind } = sentence;
  if (kind !== "prose" || isWeakOpening(text)) return 0;
  const isDefinition = order < OPENING_SENTENCES && DEFINITION.test(text);
  return (order === 0 ? 1 : order < 3 ? 0.25 : 0) + (isDefinition ? 0.4 : 0) + (place === 0 ? 0.1 : 0);
}

/** PageRank over the sentences' shared words, scaled to 0..1. */
function textRank(keys: readonly ReadonlySet<string>[]): number[] {
  const size = keys.length;
  const weights = keys.map((left, row) => keys.map((right, column) => (row === column ? 0 : similarity(left, right))));
  const totals = weights.map((row) => row.reduce((sum, weight) => sum + weight, 0));
  let ranks = keys.map(() => 1 / size);
  for (let round = 0; round < ROUNDS; round++) {
    const shares = ranks.map((value, at) => (totals[at]! > 0 ? value / totals[at]! : 0));
    ranks = weights.map(
      (row) => (1 - DAMPING) / size + DAMPING * row.reduce((sum, weight, at) => sum + weight * shares[at]!, 0),
    );
  }
  const top = Math.max(1e-12, ...ranks);
  return ranks.map((value) => value / top);
}

function similarity(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  if (left.size < 2 || right.size < 2) return 0;
  let shared = 0;
  for (const key of left) if (right.has(key)) shared++;
  return shared === 0 ? 0 : shared / (Math.log(left.size) + Math.log(right.size) + 1);
}

/** The best ones, each taken down by what it shares with those chosen before; given back in the text's order. */
function choose(candidates: readonly Ranked[], count: number, already: readonly Ranked[]): Ranked[] {
  const chosen: Ranked[] = [];
  const open = new Set(candidates);
  while (chosen.length < count && open.size > 0) {
    let best: { readonly entry: Ranked; readonly score: number } | null = null;
    for (const entry of open) {
      const overlap = Math.max(0, ...[...already, ...chosen].map((other) => overlapOf(entry.keys, other.keys)));
      const score = entry.score - REDUNDANCY * overlap;
      if (overlap < 0.75 && (best === null || score > best.score)) best = { entry, score };
    }
    if (best === null) break;
    open.delete(best.entry);
    chosen.push(best.entry);
  }
  return chosen.sort((a, b) => a.order - b.order);
}

function overlapOf(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  let shared = 0;
  for (const key of left) if (right.has(key)) shared++;
  return shared / Math.max(1, Math.min(left.size, right.size));
}

/** A text without one whole sentence (a list, a transcript without full stops): its beginning, marked as cut. */
function opening(sentences: readonly Sentence[]): string {
  const prose = sentences.filter((sentence) => sentence.kind !== "heading" && sentence.kind !== "table");
  const text = (prose.length > 0 ? prose : sentences)
    .slice(0, 5)
    .map((sentence) => sentence.text)
    .join(" ");
  const words = text.split(/\s+/).filter((word) => word !== "");
  if (words.length <= 40 && text.length <= 400) return words.join(" ");
  return `${words.slice(0, 40).join(" ").slice(0, 400).trimEnd()}…`;
}
