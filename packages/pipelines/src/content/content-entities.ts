import type { Confidence, PreDetectedEntity, UnifiedResult } from "@millrace/providers";
import type { ContentEntity } from "./outputs.ts";

/** What each word is worth (A2.4). */
const CONFIDENCE = { high: 0.9, medium: 0.7, low: 0.5, unknown: 0.6 } as const satisfies Record<Confidence, number>;

type Analysed = Pick<UnifiedResult, "topics" | "additional_entities" | "pre_detected_validations">;

/**
 * Everything a content speaks of, each once: what its addresses name, unless the analysis denied it, its topics with
 * their hierarchy, and what the analysis found besides.
 */
export function contentEntities(analysed: Analysed, preDetected: readonly PreDetectedEntity[]): ContentEntity[] {
  const verdicts = new Map(analysed.pre_detected_validations.map((verdict) => [verdict.entity_id, verdict]));
  const found: Omit<ContentEntity, "normalized_name">[] = [];
  for (const { id, type, name } of preDetected) {
    const verdict = verdicts.get(id);
    if (verdict?.confirmed === false) continue;
    const confidence = verdict === undefined ? CONFIDENCE.medium : CONFIDENCE.high;
    const edge_type = verdict?.edge_type ?? "mentions";
    found.push({ type, name, hierarchy: [], edge_type, confidence, source: "url_detected" });
  }
  for (const { name, hierarchy, edge_type, confidence } of analysed.topics) {
    const path = hierarchy.length === 0 ? [name] : hierarchy;
    found.push({
      type: "topic",
      name,
      hierarchy: path,
      edge_type,
      confidence: CONFIDENCE[confidence],
      source: "ai_extracted",
    });
  }
  for (const { type, name, edge_type, confidence } of analysed.additional_entities) {
    const hierarchy = type === "topic" ? [name] : [];
    found.push({ type, name, hierarchy, edge_type, confidence: CONFIDENCE[confidence], source: "ai_extracted" });
  }
  const each = new Map<string, ContentEntity>();
  for (const entity of found) {
    const written = entity.hierarchy.length === 0 ? entity.name : entity.hierarchy.join(" > ");
    const normalized_name = written.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
    const key = `${entity.type}:${normalized_name}`;
    if (normalized_name !== "" && !each.has(key)) each.set(key, { ...entity, normalized_name });
  }
  return [...each.values()];
}
