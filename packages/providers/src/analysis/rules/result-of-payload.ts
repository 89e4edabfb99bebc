import type { StageWarning } from "@millrace/core";
import type { Analysis, AnalysisInput } from "../analyser.ts";
import type { UnifiedResult } from "../unified-result.ts";
import { cleanBlock } from "./clean-text.ts";
import { additionalEntitiesOf, validationsOf } from "./entities.ts";
import { fieldsOf } from "./fields.ts";
import { explanationOf, scoreOf, tierOf } from "./quality.ts";
import { chooseTags } from "./tags.ts";
import { topicsOf } from "./topics.ts";

const MAX_SUMMARY_CHARACTERS = 3_000;

/** What an answer may hold and the JSON type it should have. */
const KEYS = {
  tags: "list",
  new_tags: "list",
  tier: "text",
  tier_explanation: "list",
  quality_score: "number",
  score_explanation: "list",
  summary: "text",
  topics: "list",
  pre_detected_validations: "list",
  additional_entities: "list",
} as const;

export interface ResultLimits {
  readonly maxNewTags: number;
  readonly maxTopics: number;
  readonly minConfidence: number;
}

/** The numbers of A2.4. */
export const RESULT_LIMITS: ResultLimits = { maxNewTags: 3, maxTopics: 7, minConfidence: 0.6 };

export interface PayloadSource {
  readonly input: AnalysisInput;
  readonly model: string;
  readonly now: Date;
  readonly limits: ResultLimits;
}

/** Is this an object with at least one key of a result? */
export function isPayload(value: unknown): value is Readonly<Record<string, unknown>> {
  const fields = fieldsOf(value);
  return fields !== null && Object.keys(KEYS).some((key) => Object.hasOwn(fields, key));
}

/** Applies every rule of A2.4 to an analyser's answer; null when it holds no recognised key. */
export function resultOfPayload(
  payload: unknown,
  source: PayloadSource,
): Pick<Analysis, "result" | "aliases" | "warnings"> | null {
  if (!isPayload(payload)) return null;
  const { input, limits } = source;
  const tags = chooseTags(
    [...textsOf(payload["tags"]), ...textsOf(payload["new_tags"])],
    input.context,
    limits.maxNewTags,
  );
  const result: UnifiedResult = {
    tags: tags.tags,
    new_tags: tags.newTags,
    tier: tierOf(payload["tier"]),
    tier_explanation: explanationOf(payload["tier_explanation"]),
    quality_score: scoreOf(payload["quality_score"]),
    score_explanation: explanationOf(payload["score_explanation"]),
    summary: cleanBlock(payload["summary"], MAX_SUMMARY_CHARACTERS),
    topics: topicsOf(payload["topics"], input.context.topics, limits),
    pre_detected_validations: validationsOf(payload["pre_detected_validations"], input.preDetected),
    additional_entities: additionalEntitiesOf(payload["additional_entities"], input.preDetected, limits.minConfidence),
    model: source.model,
    processed_at: source.now.toISOString(),
  };
  return { result, aliases: tags.aliases, warnings: misfits(payload) };
}

/** A list of texts or of objects with a name; a single text counts as a list of its comma-separated parts. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return value.split(",");
  if (!Array.isArray(value)) return [];
  return value.map((entry) => fieldsOf(entry)?.["name"] ?? entry).filter((entry) => typeof entry === "string");
}

function misfits(payload: Readonly<Record<string, unknown>>): StageWarning[] {
  const fields = Object.entries(KEYS)
    .filter(([key, type]) => Object.hasOwn(payload, key) && payload[key] !== null && typeOf(payload[key]) !== type)
    .map(([key]) => key);
  if (fields.length === 0) return [];
  const message = `The answer's ${fields.join(", ")} had another type than asked for and was read as well as possible`;
  return [{ code: "ANALYSIS_FIELDS_INVALID", message, details: { fields } }];
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "list";
  return typeof value === "string" ? "text" : typeof value;
}
