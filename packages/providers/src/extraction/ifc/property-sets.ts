import type { Json, JsonObject } from "@millrace/core";
import type { EntityIndex } from "../part-21/index-entities.ts";
import { isList, isReference, isTyped, type Parameter, textOf } from "../part-21/parameters.ts";

export interface Definition {
  readonly kind: "properties" | "quantities";
  readonly name: string;
  readonly values: JsonObject;
  /** How many values there are, nested ones counted. */
  readonly size: number;
}

/** Complex properties inside complex properties; deeper ones are left out. */
const MAX_NESTING = 8;

/** What a measure, label or flag means in JSON; null for nothing and for what has no plain value. */
export function plainValue(value: Parameter | undefined): Json {
  if (value === undefined || value === null || typeof value === "string") return value ?? null;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (isTyped(value)) return plainValue(value.parameters[0]);
  if (isReference(value)) return null;
  if (isList(value)) return value.map(plainValue);
  if (value.word === "T" || value.word === "F") return value.word === "T";
  return value.word === "U" ? null : value.word;
}

type Entry = readonly [name: string, value: Json, size: number];

function listed(value: Parameter | undefined): Json {
  return isList(value) ? value.map(plainValue) : [];
}

function entryOf(index: EntityIndex, id: number, nesting: number): Entry | undefined {
  const line = index.read(id);
  const { keyword, parameters = [] } = line ?? {};
  const name = textOf(parameters[0]);
  if (name === null) return undefined;
  switch (keyword) {
    case "IFCPROPERTYSINGLEVALUE":
      return [name, plainValue(parameters[2]), 1];
    case "IFCPROPERTYENUMERATEDVALUE":
    case "IFCPROPERTYLISTVALUE":
      return [name, listed(parameters[2]), isList(parameters[2]) ? parameters[2].length : 1];
    case "IFCPROPERTYBOUNDEDVALUE":
      return [name, { upper: plainValue(parameters[2]), lower: plainValue(parameters[3]) }, 2];
    case "IFCPROPERTYTABLEVALUE": {
      const [, , defining, defined] = parameters;
      const size = (isList(defining) ? defining.length : 0) + (isList(defined) ? defined.length : 0);
      return [name, { defining: listed(defining), defined: listed(defined) }, size];
    }
    case "IFCQUANTITYLENGTH":
    case "IFCQUANTITYAREA":
    case "IFCQUANTITYVOLUME":
    case "IFCQUANTITYCOUNT":
    case "IFCQUANTITYWEIGHT":
    case "IFCQUANTITYTIME":
    case "IFCQUANTITYNUMBER":
      return [name, plainValue(parameters[3]), 1];
    case "IFCCOMPLEXPROPERTY":
    case "IFCPHYSICALCOMPLEXQUANTITY": {
      if (nesting >= MAX_NESTING) return undefined;
      const { values, size } = entriesOf(index, parameters[keyword === "IFCCOMPLEXPROPERTY" ? 3 : 2], nesting + 1);
      return [name, values, size];
    }
    default:
      return undefined;
  }
}

function entriesOf(
  index: EntityIndex,
  list: Parameter | undefined,
  nesting: number,
): { readonly values: JsonObject; readonly size: number } {
  const members = isList(list) ? list.filter(isReference) : [];
  const entries = members.map(({ ref }) => entryOf(index, ref, nesting)).filter((entry) => entry !== undefined);
  return {
    // from entries, so that a property named __proto__ is a property
    values: Object.fromEntries(entries.map(([name, value]) => [name, value])),
    size: entries.reduce((sum, [, , size]) => sum + size, 0),
  };
}

/** A property set or element quantity; undefined for other definitions. */
export function readDefinition(index: EntityIndex, id: number): Definition | undefined {
  const { keyword, parameters = [] } = index.read(id) ?? {};
  if (keyword !== "IFCPROPERTYSET" && keyword !== "IFCELEMENTQUANTITY") return undefined;
  const isProperties = keyword === "IFCPROPERTYSET";
  const { values, size } = entriesOf(index, parameters[isProperties ? 4 : 5], 0);
  return { kind: isProperties ? "properties" : "quantities", name: textOf(parameters[2]) ?? "", values, size };
}
