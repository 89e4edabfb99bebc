export const TIERS = ["S", "A", "B", "C", "D"] as const;
export type Tier = (typeof TIERS)[number];

export const ENTITY_TYPES = ["topic", "repo", "paper", "tool", "person"] as const;
export type EntityType = (typeof ENTITY_TYPES)[number];

export const EDGE_TYPES = ["discusses", "mentions", "cites", "uses", "demonstrates"] as const;
export type EdgeType = (typeof EDGE_TYPES)[number];

/** `unknown` is an entry whose finder did not say how sure it is; it counts as 0.6 (A2.4). */
export const CONFIDENCES = ["high", "medium", "low", "unknown"] as const;
export type Confidence = (typeof CONFIDENCES)[number];

export interface Topic {
  /** Last element of the hierarchy. */
  readonly name: string;
  readonly confidence: Confidence;
  readonly edge_type: EdgeType;
  readonly hierarchy: readonly string[];
}

export interface AnalysedEntity {
  readonly type: EntityType;
  readonly name: string;
  readonly confidence: Confidence;
  readonly edge_type: EdgeType;
}

export interface PreDetectedValidation {
  readonly entity_id: string;
  readonly edge_type: EdgeType;
  readonly confirmed: boolean;
}

/** What analysing a content yields (A2.4); every rule of validation and clamping has been applied. */
export interface UnifiedResult {
  /** At most ten, known to the owner or new. */
  readonly tags: readonly string[];
  /** Those of `tags` that the owner has not used before. */
  readonly new_tags: readonly string[];
  readonly tier: Tier;
  readonly tier_explanation: readonly string[];
  /** 1 to 100. */
  readonly quality_score: number;
  readonly score_explanation: readonly string[];
  /** Two or three sentences, then bullets, as markdown. */
  readonly summary: string;
  readonly topics: readonly Topic[];
  readonly pre_detected_validations: readonly PreDetectedValidation[];
  readonly additional_entities: readonly AnalysedEntity[];
  /** Which analyser made it: `local/<version>` or the language model's name. */
  readonly model: string;
  /** ISO 8601. */
  readonly processed_at: string;
}
