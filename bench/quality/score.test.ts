import { describe, expect, it } from "vitest";
import { readLabelledTexts } from "./labelled-texts.ts";
import { plainTag } from "./measure-quality.ts";
import { compare, f1Of, precisionOf, recallOf, sumOf } from "./score.ts";

describe("compare", () => {
  it("counts what is right, wrong and missed, by any of a thing's names", () => {
    const score = compare(["a", "x", "c2"], [["a"], ["b"], ["c", "c2"]]);
    expect(score).toEqual({ right: 2, found: 3, wanted: 3, misses: { wrong: ["x"], missed: ["b"] } });
  });

  it("takes one thing said under two names as right once", () => {
    expect(compare(["c", "c2"], [["c", "c2"]])).toMatchObject({ right: 1, found: 2, wanted: 1 });
  });
});

it("adds up before it divides, so that a text of many entities weighs more than one of few", () => {
  const sum = sumOf([
    { right: 1, found: 1, wanted: 4 },
    { right: 1, found: 3, wanted: 4 },
  ]);
  expect([precisionOf(sum), recallOf(sum)]).toEqual([0.5, 0.25]);
  expect(f1Of(sum)).toBeCloseTo(1 / 3, 12);
  expect(f1Of({ right: 0, found: 2, wanted: 2 })).toBe(0);
});

it("compares tags without hyphens, capitals and plurals", () => {
  expect(["Road-Closures", "road closure", "css", "dns"].map(plainTag)).toEqual([
    "roadclosure",
    "roadclosure",
    "css",
    "dns".slice(0, 3),
  ]);
});

describe("the labelled set", () => {
  it("holds at least 60 texts of 80 to 400 words, all labelled", async () => {
    const texts = await readLabelledTexts();
    expect(texts.length).toBeGreaterThanOrEqual(60);
    for (const { name, text, tags, source } of texts) {
      const words = text.trim().split(/\s+/).length;
      expect(words >= 80 && words <= 400, `${name} has ${words} words`).toBe(true);
      expect(tags.length, name).toBeGreaterThan(0);
      expect(source, name).toMatch(/^(own|public domain \(.+\)(, shortened)?)$/);
    }
    expect(new Set(texts.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(20);
  });

  it("labels only people, tools and references that the text names", async () => {
    for (const { name, title, text, entities } of await readLabelledTexts()) {
      const words = `${title}\n${text}`.toLowerCase().replace(/[\s_-]+/g, " ");
      for (const { names } of entities) {
        const isNamed = names.some((each) => words.includes(each.toLowerCase().replace(/[\s_-]+/g, " ")));
        expect(isNamed, `${name}: ${names.join("|")}`).toBe(true);
      }
    }
  });
});
