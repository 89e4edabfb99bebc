import { describe, expect, test } from "vitest";
import { contentEntities } from "./content-entities.ts";

const NONE = { topics: [], additional_entities: [], pre_detected_validations: [] } as const;
const repo = { id: "github_repo:a/b", type: "repo", name: "A/B" } as const;

describe("contentEntities (A2.4)", () => {
  test("keeps what addresses name unless the analysis denied it", () => {
    const verdict = { entity_id: repo.id, edge_type: "uses" } as const;
    const of = (confirmed?: boolean) =>
      contentEntities(
        { ...NONE, pre_detected_validations: confirmed === undefined ? [] : [{ ...verdict, confirmed }] },
        [repo],
      );
    expect(of(true)).toEqual([
      {
        type: "repo",
        name: "A/B",
        normalized_name: "a/b",
        hierarchy: [],
        edge_type: "uses",
        confidence: 0.9,
        source: "url_detected",
      },
    ]);
    expect(of()).toMatchObject([{ edge_type: "mentions", confidence: 0.7 }]);
    expect(of(false)).toEqual([]);
  });

  test("a topic is its whole hierarchy, its name the last element", () => {
    const topic = (hierarchy: string[]) =>
      ({ name: "Queues", confidence: "unknown", edge_type: "discusses", hierarchy }) as const;
    const topics = [
      topic(["Computing", "Queues"]),
      topic(["Shops", "Queues"]),
      topic(["COMPUTING", "queues"]),
      topic([]),
    ];
    expect(contentEntities({ ...NONE, topics }, [])).toMatchObject([
      { name: "Queues", normalized_name: "computing > queues", hierarchy: ["Computing", "Queues"], confidence: 0.6 },
      { name: "Queues", normalized_name: "shops > queues" },
      { name: "Queues", normalized_name: "queues", hierarchy: ["Queues"] },
    ]);
  });

  test("names each once, whatever its case and spaces, the first way it is written", () => {
    const tool = (name: string) => ({ type: "tool", name, confidence: "high", edge_type: "uses" }) as const;
    const person = { ...tool("Redis"), type: "person" } as const;
    const additional_entities = [tool("Redis"), tool("redis "), tool("REDIS"), person, tool("  ")];
    expect(contentEntities({ ...NONE, additional_entities }, [])).toMatchObject([
      { type: "tool", name: "Redis" },
      { type: "person", name: "Redis" },
    ]);
  });
});
