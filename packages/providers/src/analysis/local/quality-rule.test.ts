import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { QualityFeatures } from "./quality-features.ts";
import { assessQuality, BASE_SCORE, QUALITY_RULES, TIER_FLOORS } from "./quality-rule.ts";

const plain: QualityFeatures = {
  words: 400,
  sentences: 25,
  headings: 0,
  items: 0,
  tables: 0,
  codeBlocks: 0,
  sources: 0,
  richness: 0.6,
  density: 0.25,
  specificity: 0.2,
  wordsPerSentence: 30,
  charactersPerWord: 3.5,
  repetition: 0,
  spam: 0,
  linkDensity: 0,
  topWordShare: 0.05,
  isPunctuated: true,
};
const score = (features: Partial<QualityFeatures>) => assessQuality({ ...plain, ...features }).score;

describe("the quality rule", () => {
  it("puts plain prose into C, a rich article into B or better, the best into S and spam into D", () => {
    const rich = {
      headings: 4,
      sources: 4,
      richness: 0.72,
      density: 0.36,
      specificity: 0.4,
      wordsPerSentence: 18,
      charactersPerWord: 4.8,
    };
    const best = { ...rich, words: 3_000, codeBlocks: 5, sources: 12, items: 9, density: 0.45 };
    expect(assessQuality(plain).tier).toBe("C");
    expect(["B", "A"]).toContain(assessQuality({ ...plain, ...rich }).tier);
    expect(assessQuality({ ...plain, ...best }).tier).toBe("S");
    expect(assessQuality({ ...plain, spam: 20, repetition: 0.6 }).tier).toBe("D");
    expect(assessQuality({ ...plain, words: 1 }).tier).toBe("D");
  });

  it.each([
    ["words", 20, 2_000],
    ["headings", 0, 5],
    ["codeBlocks", 0, 4],
    ["sources", 0, 8],
    ["richness", 0.4, 0.75],
    ["density", 0.1, 0.45],
    ["specificity", 0.1, 0.5],
  ] as const)("rises with %s", (feature, less, more) => {
    expect(score({ [feature]: more })).toBeGreaterThan(score({ [feature]: less }));
  });

  it.each([
    ["repetition", 0, 0.3],
    ["spam", 0, 5],
    ["linkDensity", 0, 40],
    ["topWordShare", 0.05, 0.4],
    ["wordsPerSentence", 15, 60],
  ] as const)("falls with %s", (feature, less, more) => {
    expect(score({ [feature]: more })).toBeLessThan(score({ [feature]: less }));
  });

  it("stays within 1 to 100 and its steps are in order", () => {
    expect(score({ words: 0, spam: 99, repetition: 1, linkDensity: 99 })).toBe(1);
    for (const { name, limits, points } of QUALITY_RULES) {
      expect(points.length, name).toBe(limits.length + 1);
      expect(
        [...limits].sort((a, b) => a - b),
        name,
      ).toEqual(limits);
    }
  });

  it("explains itself by what it measured", () => {
    const { tierExplanation, scoreExplanation } = assessQuality({ ...plain, headings: 4, spam: 5 });
    expect(tierExplanation).toHaveLength(3);
    expect(tierExplanation[0]).toBe("400 words in 25 sentences under 4 headings were measured.");
    expect(scoreExplanation).toEqual([
      `Every text starts at ${BASE_SCORE} points.`,
      "Gained: structure +5 (4 headings), length +3 (400 words), specifics +2 (20 % of the sentences hold a number or a name).",
      "Lost: advertising -16 (5.0 sales phrases, exclamation marks or shouted words in 100).",
    ]);
  });

  it("is written in docs/local-analyser.md as it is here", () => {
    const page = readFileSync(new URL("../../../../../docs/local-analyser.md", import.meta.url), "utf8").replace(
      / +/g,
      " ",
    );
    for (const { name, limits, points } of QUALITY_RULES) {
      const steps = [...limits.map((limit, at) => `below ${limit}: ${points[at]}`), `else ${points.at(-1)}`].join(", ");
      expect(page).toContain(`| ${name} | ${steps} |`);
    }
    for (const [tier, floor] of TIER_FLOORS) expect(page).toContain(`${tier} from ${floor}`);
    expect(page).toContain(`starts at ${BASE_SCORE} points`);
  });
});
