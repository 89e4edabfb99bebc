import { expect, test } from "vitest";
import { planStory, shareAssets } from "./story-plan.ts";

const BEES = {
  title: "How bees survive the winter",
  topic: "Honeybees in winter",
  storyDirection:
    "Open with a snowy garden at dawn. Show how the bees form a ball around their queen. Follow a beekeeper who listens to the hive. Explain why honey is stored in autumn. End with the first flight in spring. Keep it calm.",
  narrationScripts: null,
  sfxDescriptions: null,
};
const USUAL = { assets: 22, clips: 18, seconds: 90 };
const words = (text: string): number => text.split(" ").length;

test("22 images are 7 characters, 10 places and 5 things; other numbers are shared likewise, and there is always a place", () => {
  expect(shareAssets(22)).toEqual({ characters: 7, environments: 10, props: 5 });
  expect(shareAssets(1)).toEqual({ characters: 0, environments: 1, props: 0 });
  expect(shareAssets(2)).toEqual({ characters: 1, environments: 1, props: 0 });
  for (let count = 1; count <= 100; count++) {
    const { characters, environments, props } = shareAssets(count);
    expect(characters + environments + props).toBe(count);
    expect(environments).toBeGreaterThanOrEqual(1);
  }
});

test("every image's prompt names its subject first and ends with the atmosphere of all", () => {
  const { assets } = planStory(BEES, USUAL);
  expect(assets.map(({ unit }) => unit)).toEqual([
    ...["01", "02", "03", "04", "05", "06", "07"].map((n) => `characters/${n}`),
    ...["01", "02", "03", "04", "05", "06", "07", "08", "09", "10"].map((n) => `environments/${n}`),
    ...["01", "02", "03", "04", "05"].map((n) => `props/${n}`),
  ]);
  const atmospheres = new Set(assets.map(({ prompt }) => prompt.slice(prompt.indexOf("Atmosphere"))));
  expect(atmospheres.size).toBe(1);
  expect([...atmospheres][0]).toContain("snow");
  for (const { prompt, name } of assets) expect(prompt.toLowerCase().startsWith(name.toLowerCase())).toBe(true);
  const names = assets.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(["beekeeper", "queen", "honeybee", "hive", "honey", "farm garden at dawn"]),
  );
  expect(new Set(assets.map(({ prompt }) => prompt)).size).toBe(22);
});

test("clip 15 of 18 shows two places, each other one; everything a clip shows is among the images", () => {
  const { assets, clips } = planStory(BEES, USUAL);
  expect(clips.map(({ unit }) => unit)).toEqual(Array.from({ length: 18 }, (_, i) => String(i + 1).padStart(2, "0")));
  expect(clips.filter(({ layout }) => layout === "split").map(({ unit }) => unit)).toEqual(["15"]);
  const kindOf = (unit: string | null): string | undefined => assets.find((asset) => asset.unit === unit)?.kind;
  for (const clip of clips) {
    expect(kindOf(clip.environment)).toBe("environment");
    expect(clip.secondEnvironment === null).toBe(clip.layout === "single");
    expect(clip.secondEnvironment).not.toBe(clip.environment);
    expect(clip.figures.length).toBeGreaterThanOrEqual(1);
    for (const figure of clip.figures) expect(["character", "prop"]).toContain(kindOf(figure));
    expect(clip.seconds).toBe(5);
  }
  expect(new Set(clips.map(({ environment }) => environment)).size).toBe(10);
});

test("a clip's prompt begins with what happens and ends with the camera, which moves otherwise in another take", () => {
  for (const { promptOf } of planStory(BEES, USUAL).clips) {
    expect(promptOf(1)).toMatch(/^[A-Z].* Camera: [a-z -]+\.$/);
    expect(promptOf(1)).not.toMatch(/^Camera/);
    expect(promptOf(2)).not.toBe(promptOf(1));
    expect(promptOf(1)).toBe(promptOf(1));
  }
});

test("the narration tells the topic and the direction in order, in sentences as long as their clips", () => {
  const { clips } = planStory(BEES, USUAL);
  const texts = clips.map(({ narration }) => narration);
  expect(texts[0]).toContain("This is the story of honeybees in winter.");
  const all = texts.join(" ");
  const places = [
    "a snowy garden at dawn",
    "form a ball around their queen",
    "a beekeeper who listens",
    "honey is stored",
    "first flight",
  ];
  expect(places.map((part) => all.indexOf(part)).every((at, i, ats) => at > (ats[i - 1] ?? 0))).toBe(true);
  expect(all).not.toContain("Keep it calm");
  expect(texts.at(-1)).toContain("honeybees in winter");
  for (const text of texts) {
    expect(text).toMatch(/^[A-Z].*[.!?]$/);
    expect(words(text)).toBeGreaterThanOrEqual(5);
    expect(words(text)).toBeLessThanOrEqual(15);
  }
  expect(new Set(texts).size).toBe(18);
});

test("long clips get several sentences, very short ones a few words, and nothing is said without a word", () => {
  for (const seconds of [1, 2, 10, 60, 180, 600]) {
    for (const clips of [1, 2, 7, 18, 60]) {
      const texts = planStory(BEES, { assets: 3, clips, seconds }).clips.map(({ narration }) => narration);
      expect(texts).toHaveLength(clips);
      for (const text of texts) {
        expect(text).toMatch(/\p{L}.*[.!?]$/u);
        expect(words(text)).toBeLessThanOrEqual(Math.max(4, Math.ceil((seconds / clips) * 2.5 * 1.2) + 1));
      }
    }
  }
});

test("the task's own texts are taken as they are, and must be exactly as many as clips", () => {
  const own = { ...BEES, narrationScripts: ["One.", "Two."], sfxDescriptions: ["rain", "a bell"] };
  const { clips } = planStory(own, { assets: 2, clips: 2, seconds: 10 });
  expect(clips.map(({ narration, sound }) => [narration, sound])).toEqual([
    ["One.", "rain"],
    ["Two.", "a bell"],
  ]);
  const refusal = (story: typeof own): unknown => {
    try {
      return planStory(story, { assets: 2, clips: 18, seconds: 90 });
    } catch (error) {
      return error;
    }
  };
  expect(refusal({ ...own })).toMatchObject({ code: "MEDIA_REFUSED", retry: "never" });
  expect((refusal(own) as Error).message).toContain("2 narration scripts");
  expect((refusal(own) as Error).message).toContain("exactly 18");
  const sounds = { ...own, narrationScripts: Array.from({ length: 18 }, () => "Words.") };
  expect((refusal(sounds) as Error).message).toContain("2 sound effects");
});

test("whatever people write becomes a plan: no direction, other scripts, lists, controls, very long words", () => {
  for (const text of ["x", "…", "蜜蜂如何过冬", "- one\n- two\n3) three", "\u0000\u0007", "a".repeat(500), "¿Qué?"]) {
    const story = { ...BEES, title: text.slice(0, 255), topic: text, storyDirection: text };
    const { assets, clips } = planStory(story, USUAL);
    expect(assets).toHaveLength(22);
    for (const { narration } of clips) expect(narration).toMatch(/[\p{L}\p{N}]/u);
    for (const { prompt } of assets) expect(prompt).toMatch(/^\S.*\S$/u);
  }
});

test("the same task has the same plan, another topic another one", () => {
  const plain = (story: typeof BEES) => JSON.stringify(planStory(story, USUAL));
  expect(plain(BEES)).toBe(plain({ ...BEES }));
  expect(plain({ ...BEES, topic: "The harbour of Hamburg" })).not.toBe(plain(BEES));
});
