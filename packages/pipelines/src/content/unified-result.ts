import { z } from "zod";

const confidence = z.enum(["high", "medium", "low", "unknown"]);
const edgeType = z.enum(["discusses", "mentions", "cites", "uses", "demonstrates"]);
const entityType = z.enum(["topic", "repo", "paper", "tool", "person"]);

/** What the analyse stage must come back with (A2.4); the analyser has applied its rules already. */
export const unifiedResult = z.object({
  tags: z.array(z.string()).readonly(),
  new_tags: z.array(z.string()).readonly(),
  tier: z.enum(["S", "A", "B", "C", "D"]),
  tier_explanation: z.array(z.string()).readonly(),
  quality_score: z.number().int().min(1).max(100),
  score_explanation: z.array(z.string()).readonly(),
  summary: z.string(),
  topics: z
    .array(z.object({ name: z.string(), confidence, edge_type: edgeType, hierarchy: z.array(z.string()).readonly() }))
    .readonly(),
  pre_detected_validations: z
    .array(z.object({ entity_id: z.string(), edge_type: edgeType, confirmed: z.boolean() }))
    .readonly(),
  additional_entities: z
    .array(z.object({ type: entityType, name: z.string(), confidence, edge_type: edgeType }))
    .readonly(),
  model: z.string().min(1),
  processed_at: z.string(),
});
