import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnalysisInput } from "../analyser.ts";
import { CONFIDENCES, EDGE_TYPES, ENTITY_TYPES, TIERS } from "../unified-result.ts";
import { RESULT_LIMITS, resultOfPayload } from "./result-of-payload.ts";

const input: AnalysisInput = {
  contentType: "text",
  title: "T",
  text: "x",
  preDetected: [{ id: "e1", type: "repo", name: "a/b" }],
  context: { tags: [{ name: "redis", count: 1 }], topics: [], tag_pairs: [], tiers: {}, aliases: [] },
};
const source = { input, model: "m", now: new Date(0), limits: RESULT_LIMITS };

describe("resultOfPayload (A2.4)", () => {
  it.each([null, undefined, 3, "tier", [], [{ tier: "A" }], {}, { answer: 1 }, { result: { tier: "A" } }])(
    "rejects %j: no recognised key",
    (payload) => {
      expect(resultOfPayload(payload, source)).toBeNull();
    },
  );

  it("fills what is missing with the defaults", () => {
    expect(resultOfPayload({ tier: "B" }, source)).toEqual({
      result: {
        tags: [],
        new_tags: [],
        tier: "B",
        tier_explanation: [],
        quality_score: 50,
        score_explanation: [],
        summary: "",
        topics: [],
        pre_detected_validations: [],
        additional_entities: [],
        model: "m",
        processed_at: "1970-01-01T00:00:00.000Z",
      },
      aliases: [],
      warnings: [],
    });
  });

  it("tells known tags from new ones, wherever the answer put them", () => {
    const { result } = resultOfPayload({ tags: ["queue", { name: "durable" }], new_tags: ["redis"] }, source)!;
    expect(result).toMatchObject({ tags: ["queue", "durable", "redis"], new_tags: ["queue", "durable"] });
    expect(resultOfPayload({ tags: "queue, redis" }, source)!.result.tags).toEqual(["queue", "redis"]);
  });

  it("limits a summary", () => {
    const { result } = resultOfPayload({ summary: "word ".repeat(10_000) }, source)!;
    expect(result.summary.length).toBeLessThanOrEqual(3_000);
    expect(result.summary.endsWith("word…")).toBe(true);
  });

  it("yields a sound result from any JSON that holds a key", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), fc.array(fc.jsonValue()), (a, b, c, list) => {
        const payload = {
          tags: list,
          tier: a,
          quality_score: b,
          summary: c,
          topics: list,
          additional_entities: list,
          pre_detected_validations: a,
        };
        const { result } = resultOfPayload(payload, source)!;
        expect(TIERS).toContain(result.tier);
        expect(Number.isInteger(result.quality_score) && result.quality_score >= 1 && result.quality_score <= 100).toBe(
          true,
        );
        expect(result.topics.length).toBeLessThanOrEqual(7);
        for (const topic of result.topics) {
          expect(topic.hierarchy.at(-1)).toBe(topic.name);
          expect(CONFIDENCES).toContain(topic.confidence);
        }
        for (const entity of result.additional_entities) {
          expect(ENTITY_TYPES).toContain(entity.type);
          expect(EDGE_TYPES).toContain(entity.edge_type);
          expect(entity.name).not.toBe("");
        }
      }),
    );
  });
});
