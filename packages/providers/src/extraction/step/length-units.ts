import type { EntityIndex } from "../part-21/index-entities.ts";
import { isList, isReference, isTyped, type Typed, textOf } from "../part-21/parameters.ts";

const PREFIXES: Readonly<Record<string, string>> = {
  MILLI: "milli",
  CENTI: "centi",
  DECI: "deci",
  MICRO: "micro",
  KILO: "kilo",
};

function nameOf(parts: readonly Typed[]): string | undefined {
  const find = (keyword: string): Typed | undefined => parts.find((part) => part.keyword === keyword);
  if (find("LENGTH_UNIT") === undefined) return undefined;
  const conversion = find("CONVERSION_BASED_UNIT");
  if (conversion !== undefined) return textOf(conversion.parameters[0])?.toLowerCase();
  const [prefix, name] = find("SI_UNIT")?.parameters ?? [];
  if (typeof name !== "object" || name === null || !("word" in name) || name.word !== "METRE") return undefined;
  const scale = typeof prefix === "object" && prefix !== null && "word" in prefix ? PREFIXES[prefix.word] : "";
  return scale === undefined ? undefined : `${scale}meter`;
}

/** Names of the length units in which a STEP file's shapes are given: `millimeter`, `inch` …, each once. */
export function lengthUnits(index: EntityIndex): readonly string[] {
  const assigned = new Set<number>();
  for (const id of index.complex) {
    if (!index.textOf(id).includes("GLOBAL_UNIT_ASSIGNED_CONTEXT")) continue;
    for (const part of index.readComplex(id)) {
      if (part.keyword !== "GLOBAL_UNIT_ASSIGNED_CONTEXT" || !isTyped(part)) continue;
      const [units] = part.parameters;
      if (isList(units)) for (const unit of units) if (isReference(unit)) assigned.add(unit.ref);
    }
  }
  const names = [...assigned].map((id) => nameOf(index.readComplex(id)));
  return [...new Set(names.filter((name) => name !== undefined))];
}
