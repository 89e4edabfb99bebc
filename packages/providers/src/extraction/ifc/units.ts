import type { JsonObject } from "@millrace/core";
import type { EntityIndex } from "../part-21/index-entities.ts";
import { isList, isReference, type Parameter, referenceOf, textOf } from "../part-21/parameters.ts";

function wordOf(value: Parameter | undefined): string | null {
  return typeof value === "object" && value !== null && "word" in value ? value.word.toLowerCase() : null;
}

function unitName(index: EntityIndex, id: number): readonly [kind: string, name: string] | undefined {
  const { keyword, parameters = [] } = index.read(id) ?? {};
  const kind = wordOf(parameters[1])?.replace(/unit$/, "");
  if (kind === undefined) return undefined;
  if (keyword === "IFCSIUNIT") return [kind, `${wordOf(parameters[2]) ?? ""}${wordOf(parameters[3]) ?? ""}`];
  if (keyword === "IFCCONVERSIONBASEDUNIT" || keyword === "IFCCONVERSIONBASEDUNITWITHOFFSET") {
    return [kind, textOf(parameters[2])?.toLowerCase() ?? ""];
  }
  return undefined;
}

/** The project's units by kind: `{ length: "metre", area: "square_metre" … }`. */
export function readUnits(index: EntityIndex): JsonObject {
  const project = index.read(index.of("IFCPROJECT")[0] ?? -1);
  const assigned = index.read(referenceOf(project?.parameters[8]) ?? -1)?.parameters[0];
  const units = isList(assigned) ? assigned.filter(isReference) : [];
  return Object.fromEntries(units.map(({ ref }) => unitName(index, ref)).filter((unit) => unit !== undefined));
}
