import { z } from "zod";
import { CONFIDENCES, EDGE_TYPES, ENTITY_TYPES, TIERS } from "../unified-result.ts";

const confidence = z.enum(CONFIDENCES);
const edge_type = z.enum(EDGE_TYPES);

/**
 * What the model is asked for. It only steers: an answer that strays from it is still read by the rules in ../rules.
 * No lengths or ranges, because strict structured output refuses most keywords beyond types and enums.
 */
const answer = z.object({
  tags: z.array(z.string()),
  new_tags: z.array(z.string()),
  tier: z.enum(TIERS),
  tier_explanation: z.array(z.string()),
  quality_score: z.number(),
  score_explanation: z.array(z.string()),
  summary: z.string(),
  topics: z.array(z.object({ name: z.string(), confidence, edge_type, hierarchy: z.array(z.string()) })),
  pre_detected_validations: z.array(z.object({ entity_id: z.string(), edge_type, confirmed: z.boolean() })),
  additional_entities: z.array(z.object({ type: z.enum(ENTITY_TYPES), name: z.string(), confidence, edge_type })),
});

export const ANSWER_JSON_SCHEMA = z.toJSONSchema(answer);
