import type { PreDetectedEntity } from "../analyser.ts";
import type { PreDetectedValidation } from "../unified-result.ts";
import type { DocumentStructure } from "./document-structure.ts";
import { edgeTypeFor, type Mention, mentionOf } from "./mentions.ts";
import type { Sentence } from "./reading.ts";

const MAX_VALIDATED = 200;

/** An entity found by its address alone is confirmed when the prose speaks of it too, or links it from words. */
export function validatePreDetected(
  entities: readonly PreDetectedEntity[],
  sentences: readonly Sentence[],
  structure: DocumentStructure,
  title: string,
): PreDetectedValidation[] {
  const prose = sentences.filter((sentence) => sentence.kind !== "table");
  return entities.slice(0, MAX_VALIDATED).map((entity) => {
    const mention = bestMention(entity, prose);
    const isLinked = structure.links.some(
      ({ text, url }) => /\p{L}{3,}/u.test(text) && url.toLowerCase().includes(entity.name.toLowerCase()),
    );
    const confirmed = mention.count > 0 || isLinked;
    const fallback = entity.type === "paper" && confirmed ? "cites" : "mentions";
    return { entity_id: entity.id, edge_type: mention.count > 0 ? edgeTypeFor(mention, title) : fallback, confirmed };
  });
}

/** A repository is called by its full or by its short name, an arXiv paper with or without its prefix. */
function bestMention(entity: PreDetectedEntity, prose: readonly Sentence[]): Mention {
  const names = [
    entity.name,
    ...(entity.type === "repo" ? [entity.name.split("/").at(-1)!] : []),
    ...(entity.type === "paper" ? [entity.name.replace(/^(arxiv|doi):/i, "")] : []),
  ];
  return names
    .filter((name) => name.length >= 2)
    .map((name) => mentionOf(name, prose))
    .reduce((best, mention) => (mention.count > best.count ? mention : best), {
      name: entity.name,
      sentences: [],
      count: 0,
    } as Mention);
}
