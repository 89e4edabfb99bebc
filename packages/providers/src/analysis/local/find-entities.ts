import type { AnalysedEntity } from "../unified-result.ts";
import type { DocumentStructure } from "./document-structure.ts";
import { type FoundPerson, findPeople } from "./find-people.ts";
import { findReferences } from "./find-references.ts";
import { findTools } from "./find-tools.ts";
import { edgeTypeFor, mentionOf } from "./mentions.ts";
import type { Sentence } from "./reading.ts";

export interface FoundEntities {
  readonly entities: readonly AnalysedEntity[];
  readonly people: readonly FoundPerson[];
}

/** Repositories, papers, tools and people that the text itself names. */
export async function findEntities(
  sentences: readonly Sentence[],
  structure: DocumentStructure,
  text: string,
  title: string,
  isEnglish: boolean,
): Promise<FoundEntities> {
  const people = isEnglish ? await findPeople(sentences) : [];
  const references = findReferences(text, structure).map((reference): AnalysedEntity => {
    const mention = mentionOf(reference.shortName, sentences);
    const fallback = reference.type === "paper" ? "cites" : "mentions";
    const edge = mention.count > 0 ? edgeTypeFor(mention, title) : fallback;
    return {
      type: reference.type,
      name: reference.name,
      confidence: reference.type === "paper" || mention.count > 0 || reference.count > 1 ? "high" : "medium",
      // A paper that is only mentioned is cited: that is what naming one is.
      edge_type: edge === "mentions" ? fallback : edge,
    };
  });
  const tools = findTools(sentences, structure).map((tool): AnalysedEntity => {
    const edge = edgeTypeFor(mentionOf(tool.name, sentences), title);
    const isUse = tool.isInstalled && edge !== "discusses" && edge !== "demonstrates";
    return { type: "tool", name: tool.name, confidence: tool.confidence, edge_type: isUse ? "uses" : edge };
  });
  const persons = people.map((person): AnalysedEntity => {
    const edge = edgeTypeFor(mentionOf(person.name, sentences), title);
    return {
      type: "person",
      name: person.name,
      confidence: person.confidence,
      edge_type: edge === "uses" ? "mentions" : edge,
    };
  });
  return { entities: [...tools, ...references, ...persons], people };
}
