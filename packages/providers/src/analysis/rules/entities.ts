import type { PreDetectedEntity } from "../analyser.ts";
import type { AnalysedEntity, EntityType, PreDetectedValidation } from "../unified-result.ts";
import { ENTITY_TYPES } from "../unified-result.ts";
import { cleanLine } from "./clean-text.ts";
import { CONFIDENCE_VALUES, confidenceOf } from "./confidence.ts";
import { fieldsOf } from "./fields.ts";
import { edgeTypeOf } from "./topics.ts";

const MAX_ENTITIES = 30;
const MAX_NAME_CHARACTERS = 200;

export function entityTypeOf(value: unknown): EntityType {
  const written = cleanLine(value, 30).toLowerCase();
  return ENTITY_TYPES.find((type) => type === written) ?? "topic";
}

/** Entities the analyser found itself: each once, and none that was detected before it looked. */
export function additionalEntitiesOf(
  value: unknown,
  preDetected: readonly PreDetectedEntity[],
  minConfidence: number,
): AnalysedEntity[] {
  if (!Array.isArray(value)) return [];
  const taken = new Set(preDetected.map((entity) => keyOf(entity.type, entity.name)));
  const entities: AnalysedEntity[] = [];
  for (const entry of value.slice(0, 300)) {
    if (entities.length >= MAX_ENTITIES) break;
    const fields = fieldsOf(entry);
    const type = entityTypeOf(fields?.["type"]);
    const name = cleanLine(fields?.["name"], MAX_NAME_CHARACTERS);
    const confidence = confidenceOf(fields?.["confidence"]);
    const key = keyOf(type, name);
    if (name === "" || CONFIDENCE_VALUES[confidence] < minConfidence || taken.has(key)) continue;
    taken.add(key);
    entities.push({ type, name, confidence, edge_type: edgeTypeOf(fields?.["edge_type"]) });
  }
  return entities;
}

/** Verdicts on entities that really were handed in, the first one for each. */
export function validationsOf(value: unknown, preDetected: readonly PreDetectedEntity[]): PreDetectedValidation[] {
  if (!Array.isArray(value)) return [];
  const open = new Set(preDetected.map((entity) => entity.id));
  const validations: PreDetectedValidation[] = [];
  for (const entry of value) {
    const fields = fieldsOf(entry);
    const id = typeof fields?.["entity_id"] === "string" ? fields["entity_id"] : "";
    if (!open.delete(id)) continue;
    const confirmed = fields?.["confirmed"];
    validations.push({
      entity_id: id,
      edge_type: edgeTypeOf(fields?.["edge_type"]),
      confirmed: confirmed === true || cleanLine(confirmed, 10).toLowerCase() === "true",
    });
  }
  return validations;
}

function keyOf(type: EntityType, name: string): string {
  return `${type}:${name.toLowerCase()}`;
}
