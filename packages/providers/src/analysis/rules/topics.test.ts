import { describe, expect, it } from "vitest";
import { edgeTypeOf, hierarchyOf, topicsOf } from "./topics.ts";

const limits = { maxTopics: 7, minConfidence: 0.6 };
const names = (value: unknown, existing: string[] = []) =>
  topicsOf(value, existing, limits).map((topic) => topic.hierarchy.join(" > "));

describe("topicsOf (A2.4)", () => {
  it("reads a hierarchy from a string, named by its last element", () => {
    expect(topicsOf(["Systems > Queues > Redis"], [], limits)).toEqual([
      { name: "Redis", confidence: "unknown", edge_type: "mentions", hierarchy: ["Systems", "Queues", "Redis"] },
    ]);
    expect(names([{ name: "A > B > C", confidence: "high" }])).toEqual(["A > B > C"]);
  });

  it("completes a hierarchy that names only the parents", () => {
    expect(names([{ name: "Redis", hierarchy: ["Systems", "Queues"] }])).toEqual(["Systems > Queues > Redis"]);
    expect(names([{ name: "redis", hierarchy: ["Systems", "Redis"] }])).toEqual(["Systems > Redis"]);
    expect(names([{ hierarchy: ["Systems", "Redis"] }])).toEqual(["Systems > Redis"]);
    expect(names([{ name: "Redis", hierarchy: "Systems > Redis" }])).toEqual(["Systems > Redis"]);
  });

  it("drops what is below 0.6, keeps what says nothing (0.6), and reads numbers", () => {
    const topics = ["high", "medium", "low", "perhaps", 0.61, 0.59].map((confidence, index) => ({
      name: `T${index}`,
      confidence,
    }));
    expect(names(topics)).toEqual(["T0", "T1", "T3", "T4"]);
    expect(topicsOf(topics, [], { ...limits, minConfidence: 0.4 })).toHaveLength(6);
  });

  it("keeps seven, each once", () => {
    const many = ["A", "a", ...Array.from({ length: 20 }, (_, index) => `T${index}`)];
    expect(names(many)).toEqual(["A", "T0", "T1", "T2", "T3", "T4", "T5"]);
  });

  it("writes a known topic as the owner does", () => {
    expect(names(["databases > redis"], ["Databases > Redis"])).toEqual(["Databases > Redis"]);
  });

  it("survives anything", () => {
    expect(names("A > B")).toEqual([]);
    expect(names([null, 3, {}, [], "", " > ", { name: { a: 1 } }, { name: "ok", hierarchy: 4 }])).toEqual([
      "3",
      "4 > ok",
    ]);
  });
});

it("hierarchyOf keeps the last element of a deep one", () => {
  expect(hierarchyOf("A > B > C > D > E > F > G")).toEqual(["A", "B", "C", "D", "G"]);
});

it("an unknown edge type becomes mentions (A2.4)", () => {
  expect(edgeTypeOf("Uses")).toBe("uses");
  expect(edgeTypeOf("loves")).toBe("mentions");
  expect(edgeTypeOf(undefined)).toBe("mentions");
});
