import { describe, expect, it } from "vitest";
import { sentencesIn, sentencesOf } from "./sentences-of.ts";

describe("sentencesOf", () => {
  it.each([
    ["One is here. Two follows! Is there three? Yes.", ["One is here.", "Two follows!", "Is there three?", "Yes."]],
    ["Use Node.js v1.2.3 for it. It is fast.", ["Use Node.js v1.2.3 for it.", "It is fast."]],
    ["See e.g. Redis, i.e. the store. Done.", ["See e.g. Redis, i.e. the store.", "Done."]],
    ["Dr. Smith met J. Doe. They spoke.", ["Dr. Smith met J. Doe.", "They spoke."]],
    ['He said "no." Then he left.', ['He said "no."', "Then he left."]],
    ["It ends (really.) Next one.", ["It ends (really.)", "Next one."]],
  ])("%j", (paragraph, sentences) => {
    expect(sentencesOf(paragraph)).toEqual(sentences);
  });

  it("parts speech without full stops before a new thought, and never after an article", () => {
    const spoken = `${"we look at the cluster and the nodes of it ".repeat(2)}so now we install the tool on every node of the cluster and then we wait until the first node is up`;
    const pieces = sentencesOf(spoken);
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.join(" ")).toBe(spoken);
    for (const piece of pieces) expect(piece).not.toMatch(/ (the|and|a|of)$/);
  });

  it("keeps a short text without a full stop whole", () => {
    expect(sentencesOf("just a few words")).toEqual(["just a few words"]);
    expect(sentencesOf("  ")).toEqual([]);
  });
});

it("sentencesIn follows the language's own marks", () => {
  expect(sentencesIn("zh", "你好。再见。")).toEqual(["你好。", "再见。"]);
});
