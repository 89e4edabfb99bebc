import { describe, expect, it } from "vitest";
import { additionalEntitiesOf, entityTypeOf, validationsOf } from "./entities.ts";

const preDetected = [
  { id: "e1", type: "repo", name: "a/b" },
  { id: "e2", type: "tool", name: "Redis" },
] as const;

it("an unknown entity type becomes topic (A2.4)", () => {
  expect(entityTypeOf("PAPER")).toBe("paper");
  expect(entityTypeOf("gadget")).toBe("topic");
});

describe("additionalEntitiesOf (A2.4)", () => {
  it("keeps each once, sure enough, and none that was already detected", () => {
    const entities = [
      { type: "tool", name: "redis", confidence: "high", edge_type: "uses" },
      { type: "tool", name: "Docker", confidence: "high", edge_type: "uses" },
      { type: "tool", name: "docker", confidence: "high" },
      { type: "tool", name: "Vim", confidence: "low" },
      { type: "person", name: "Ada\0 Lovelace" },
      { type: "tool", name: "" },
      { name: 5, confidence: "medium" },
      "Redis",
      null,
    ];
    expect(additionalEntitiesOf(entities, preDetected, 0.6)).toEqual([
      { type: "tool", name: "Docker", confidence: "high", edge_type: "uses" },
      { type: "person", name: "Ada Lovelace", confidence: "unknown", edge_type: "mentions" },
      { type: "topic", name: "5", confidence: "medium", edge_type: "mentions" },
    ]);
  });

  it("is bounded", () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ type: "tool", name: `T${index}` }));
    expect(additionalEntitiesOf(many, [], 0.6)).toHaveLength(30);
    expect(additionalEntitiesOf("many", [], 0.6)).toEqual([]);
  });
});

it("validationsOf keeps the first verdict on each entity that was handed in", () => {
  const verdicts = [
    { entity_id: "e2", edge_type: "uses", confirmed: "true" },
    { entity_id: "e2", edge_type: "cites", confirmed: false },
    { entity_id: "e1", edge_type: "x", confirmed: 1 },
    { entity_id: "e9", confirmed: true },
    { entity_id: 1, confirmed: true },
    null,
  ];
  expect(validationsOf(verdicts, preDetected)).toEqual([
    { entity_id: "e2", edge_type: "uses", confirmed: true },
    { entity_id: "e1", edge_type: "mentions", confirmed: false },
  ]);
  expect(validationsOf({}, preDetected)).toEqual([]);
});
