import type { Tier } from "../unified-result.ts";
import type { QualityFeatures } from "./quality-features.ts";

/** Where every text starts; the rules below add and take away. docs/local-analyser.md lists them for readers. */
export const BASE_SCORE = 42;
/** Least score of each tier, best first. */
export const TIER_FLOORS: readonly (readonly [Tier, number])[] = [
  ["S", 90],
  ["A", 80],
  ["B", 54],
  ["C", 38],
];

/** One measured number and what it is worth: `points[i]` below `limits[i]`, the last of `points` from the last limit on. */
export interface QualityRule {
  readonly name: string;
  readonly measure: (features: QualityFeatures) => number;
  readonly limits: readonly number[];
  readonly points: readonly number[];
  /** Shorter texts are not judged by it. */
  readonly leastWords: number;
  /** The measured number, in words. */
  readonly because: (features: QualityFeatures) => string;
}

const percent = (value: number) => `${Math.round(value * 100)} %`;

export const QUALITY_RULES: readonly QualityRule[] = [
  {
    name: "length",
    measure: (f) => f.words,
    limits: [5, 30, 100, 250, 600, 1500],
    points: [-40, -26, -8, 2, 3, 7, 10],
    leastWords: 0,
    because: (f) => `${f.words} words`,
  },
  {
    name: "structure",
    measure: (f) => f.headings,
    limits: [1, 3],
    points: [0, 2, 5],
    leastWords: 0,
    because: (f) => `${f.headings} headings`,
  },
  {
    name: "lists and tables",
    measure: (f) => f.items + f.tables * 2,
    limits: [1, 4],
    points: [0, 1, 3],
    leastWords: 0,
    because: (f) => `${f.items} list items and ${f.tables} table rows`,
  },
  {
    name: "examples",
    measure: (f) => f.codeBlocks,
    limits: [1, 4],
    points: [0, 3, 6],
    leastWords: 0,
    because: (f) => `${f.codeBlocks} code blocks`,
  },
  {
    name: "sources",
    measure: (f) => f.sources,
    limits: [1, 3, 8],
    points: [0, 2, 4, 7],
    leastWords: 0,
    because: (f) => `${f.sources} sources linked or cited`,
  },
  {
    name: "vocabulary",
    measure: (f) => f.richness,
    limits: [0.3, 0.5, 0.62, 0.7],
    points: [-18, -8, 0, 3, 6],
    leastWords: 30,
    because: (f) => `${percent(f.richness)} different words in a window of 100`,
  },
  {
    name: "information density",
    measure: (f) => f.density,
    limits: [0.2, 0.3, 0.4],
    points: [-5, 0, 3, 5],
    leastWords: 30,
    because: (f) => `${percent(f.density)} of the words carry the subject`,
  },
  {
    name: "specifics",
    measure: (f) => f.specificity,
    limits: [0.15, 0.35],
    points: [-2, 2, 5],
    leastWords: 30,
    because: (f) => `${percent(f.specificity)} of the sentences hold a number or a name`,
  },
  {
    name: "sentence length",
    measure: (f) => f.wordsPerSentence,
    limits: [4, 8, 26, 45],
    points: [-5, 0, 3, 0, -5],
    leastWords: 30,
    because: (f) => `${f.wordsPerSentence.toFixed(0)} words a sentence`,
  },
  {
    name: "word length",
    measure: (f) => f.charactersPerWord,
    limits: [4, 6.5, 9],
    points: [0, 1, 0, -5],
    leastWords: 30,
    because: (f) => `${f.charactersPerWord.toFixed(1)} letters a word`,
  },
  {
    name: "repetition",
    measure: (f) => f.repetition,
    limits: [0.05, 0.2, 0.5],
    points: [0, -5, -15, -30],
    leastWords: 0,
    because: (f) => `${percent(f.repetition)} repeated lines or sentences`,
  },
  {
    name: "advertising",
    measure: (f) => f.spam,
    limits: [1.5, 4, 10],
    points: [0, -6, -16, -28],
    leastWords: 0,
    because: (f) => `${f.spam.toFixed(1)} sales phrases, exclamation marks or shouted words in 100`,
  },
  {
    name: "links",
    measure: (f) => f.linkDensity,
    limits: [12, 30],
    points: [0, -5, -10],
    leastWords: 0,
    because: (f) => `${f.linkDensity.toFixed(0)} links in 100 words`,
  },
  {
    name: "keyword stuffing",
    measure: (f) => f.topWordShare,
    limits: [0.18, 0.3],
    points: [0, -4, -15],
    leastWords: 60,
    because: (f) => `one word makes ${percent(f.topWordShare)} of the subject words`,
  },
  {
    name: "punctuation",
    measure: (f) => (f.isPunctuated ? 1 : 0),
    limits: [1],
    points: [-6, 0],
    leastWords: 30,
    because: () => "no sentence ends in a full stop",
  },
];

interface Judgement {
  readonly rule: string;
  readonly points: number;
  readonly because: string;
}

/** Judges each feature on its own, so that a reader can see what a text gained and lost. */
function judge(features: QualityFeatures): Judgement[] {
  return QUALITY_RULES.map((rule) => {
    const step = rule.limits.findIndex((limit) => rule.measure(features) < limit);
    const points = features.words < rule.leastWords ? 0 : rule.points.at(step)!;
    return { rule: rule.name, points, because: rule.because(features) };
  });
}

export interface Quality {
  readonly score: number;
  readonly tier: Tier;
  readonly tierExplanation: readonly string[];
  readonly scoreExplanation: readonly string[];
}

/** The sum of the points, the tier it reaches, and the features that decided. */
export function assessQuality(features: QualityFeatures): Quality {
  const judgements = judge(features);
  const score = Math.min(
    100,
    Math.max(
      1,
      judgements.reduce((sum, { points }) => sum + points, BASE_SCORE),
    ),
  );
  const tier = TIER_FLOORS.find(([, floor]) => score >= floor)?.[0] ?? "D";
  const gains = judgements.filter(({ points }) => points > 0).sort((a, b) => b.points - a.points);
  const losses = judgements.filter(({ points }) => points < 0).sort((a, b) => a.points - b.points);
  return {
    score,
    tier,
    tierExplanation: [overview(features), ...explainTier(tier, gains, losses)],
    scoreExplanation: explainScore(gains, losses),
  };
}

function overview({ words, sentences, headings }: QualityFeatures): string {
  return `${words} words in ${sentences} sentences under ${headings} headings were measured.`;
}

function explainTier(tier: Tier, gains: readonly Judgement[], losses: readonly Judgement[]): string[] {
  const reasons = (list: readonly Judgement[]) =>
    list
      .slice(0, 3)
      .map(({ because }) => because)
      .join("; ");
  return [
    gains.length > 0 ? `For tier ${tier} speaks: ${reasons(gains)}.` : "No measured feature speaks for the text.",
    losses.length > 0 ? `Against it: ${reasons(losses)}.` : "No measured feature speaks against it.",
  ];
}

function explainScore(gains: readonly Judgement[], losses: readonly Judgement[]): string[] {
  const named = (list: readonly Judgement[]) =>
    list
      .slice(0, 4)
      .map(({ rule, points, because }) => `${rule} ${points > 0 ? "+" : ""}${points} (${because})`)
      .join(", ");
  return [
    `Every text starts at ${BASE_SCORE} points.`,
    gains.length > 0 ? `Gained: ${named(gains)}.` : "Nothing was gained.",
    losses.length > 0 ? `Lost: ${named(losses)}.` : "Nothing was lost.",
  ];
}
