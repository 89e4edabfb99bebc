import type { EdgeType, Topic } from "../unified-result.ts";
import { EDGE_TYPES } from "../unified-result.ts";
import { cleanLine } from "./clean-text.ts";
import { CONFIDENCE_VALUES, confidenceOf } from "./confidence.ts";
import { fieldsOf } from "./fields.ts";

const MAX_DEPTH = 5;
const MAX_NAME_CHARACTERS = 100;

export interface TopicLimits {
  readonly maxTopics: number;
  readonly minConfidence: number;
}

export function edgeTypeOf(value: unknown): EdgeType {
  const written = cleanLine(value, 30).toLowerCase();
  return EDGE_TYPES.find((edge) => edge === written) ?? "mentions";
}

/** "A > B > C" as ["A", "B", "C"]. */
export function hierarchyOf(value: unknown): string[] {
  const parts = Array.isArray(value) ? value : cleanLine(value, MAX_NAME_CHARACTERS * MAX_DEPTH).split(">");
  const names = parts.map((part) => cleanLine(part, MAX_NAME_CHARACTERS)).filter((name) => name !== "");
  return names.length <= MAX_DEPTH ? names : [...names.slice(0, MAX_DEPTH - 1), names.at(-1)!];
}

/** Topics as strings or objects, each once, written as the owner already writes them. */
export function topicsOf(value: unknown, existing: readonly string[], limits: TopicLimits): Topic[] {
  if (!Array.isArray(value)) return [];
  const known = new Map(existing.map((topic) => [keyOf(hierarchyOf(topic)), hierarchyOf(topic)]));
  const topics = new Map<string, Topic>();
  for (const entry of value.slice(0, 100)) {
    if (topics.size >= limits.maxTopics) break;
    const fields = fieldsOf(entry);
    const named = hierarchyOf(fields?.["name"] ?? entry);
    const given = hierarchyOf(fields?.["hierarchy"]);
    // A hierarchy that does not end in the topic's own name (only its parents, say) gets the name as its last element.
    const written = given.length === 0 ? named : endsWith(given, named) ? given : [...given, ...named];
    const confidence = confidenceOf(fields?.["confidence"]);
    if (written.length === 0 || CONFIDENCE_VALUES[confidence] < limits.minConfidence) continue;
    const hierarchy = known.get(keyOf(written)) ?? hierarchyOf(written);
    const key = keyOf(hierarchy);
    if (topics.has(key)) continue;
    topics.set(key, { name: hierarchy.at(-1)!, confidence, edge_type: edgeTypeOf(fields?.["edge_type"]), hierarchy });
  }
  return [...topics.values()];
}

function endsWith(hierarchy: readonly string[], names: readonly string[]): boolean {
  const last = names.at(-1);
  return last === undefined || hierarchy.at(-1)!.toLowerCase() === last.toLowerCase();
}

function keyOf(hierarchy: readonly string[]): string {
  return hierarchy.join(">").toLowerCase();
}
