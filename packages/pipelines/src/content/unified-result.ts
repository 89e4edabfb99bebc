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

/** An entity that addresses name, as it is handed to the analyser. */
export const preDetectedEntity = z.object({ id: z.string(), type: entityType, name: z.string() });

/** One thing a content speaks of, as the database keeps it. */
export const contentEntity = z.object({
  type: entityType,
  name: z.string().min(1),
  /** What makes two of one type the same: lower case; of a topic the whole hierarchy. */
  normalized_name: z.string().min(1),
  /** Of a topic, from general to special. */
  hierarchy: z.array(z.string()).readonly(),
  edge_type: edgeType,
  /** 0 to 1. */
  confidence: z.number().min(0).max(1),
  source: z.enum(["ai_extracted", "url_detected"]),
});
