import type { JsonObject } from "@millrace/core";
import type { IfcOptions } from "../extraction-options.ts";
import type { EntityIndex } from "../part-21/index-entities.ts";
import { isList, isReference, textOf } from "../part-21/parameters.ts";
import { classOfKeyword } from "./element-classes.ts";
import { readMaterials } from "./materials.ts";
import { type Definition, readDefinition } from "./property-sets.ts";
import type { Box } from "./read-bounds.ts";
import type { Relations } from "./relations.ts";

export interface ElementsCall {
  readonly index: EntityIndex;
  readonly relations: Relations;
  readonly options: IfcOptions;
  /** Instance ids. */
  readonly elements: readonly number[];
  /** Undefined where they were not asked for. */
  readonly boxes: ReadonlyMap<number, Box> | undefined;
  /** Properties, quantities and materials written out in all; sets that are shared are written out for each element. */
  readonly maxValues: number;
  readonly signal: AbortSignal;
  readonly progress: (share: number) => void;
}

export interface DescribedElements {
  readonly elements: readonly JsonObject[];
  readonly types: readonly JsonObject[];
  /** Elements whose properties were left out. */
  readonly withoutValues: number;
}

/** Remembers what a function found for an id. */
function once<T>(find: (id: number) => T): (id: number) => T {
  const known = new Map<number, T>();
  return (id) => {
    const found = known.get(id);
    if (found !== undefined || known.has(id)) return found as T;
    const value = find(id);
    known.set(id, value);
    return value;
  };
}

interface Place {
  readonly storey: string | null;
  readonly storey_global_id: string | null;
  /** The room, where an element is in one. */
  readonly space: string | null;
}

const NOWHERE: Place = { storey: null, storey_global_id: null, space: null };

/** Climbs from an element to the storey around it, each step once for all elements. */
function placeFinder(index: EntityIndex, { placeOf }: Relations): (id: number) => JsonObject {
  const inside = new Map<number, Place>();
  const describe = (id: number, around: Place): Place => {
    const keyword = index.keywordOf(id);
    if (keyword !== "IFCSPACE" && keyword !== "IFCBUILDINGSTOREY") return around;
    const { parameters = [] } = index.read(id) ?? {};
    const name = textOf(parameters[2]);
    if (keyword === "IFCSPACE") return { ...around, space: name };
    return { storey: name, storey_global_id: textOf(parameters[0]), space: null };
  };
  return (element) => {
    const path: number[] = [];
    const seen = new Set([element]);
    let id = placeOf.get(element);
    for (; id !== undefined && !inside.has(id) && !seen.has(id); id = placeOf.get(id)) {
      seen.add(id);
      path.push(id);
    }
    let place = inside.get(id ?? -1) ?? NOWHERE;
    for (const step of path.reverse()) {
      place = describe(step, place);
      inside.set(step, place);
    }
    return { ...place };
  };
}

/** Property sets a type gives to all its occurrences. */
function definitionsOfType(index: EntityIndex, type: number): readonly number[] {
  const sets = index.read(type)?.parameters[5];
  return isList(sets) ? sets.filter(isReference).map(({ ref }) => ref) : [];
}

/** Sets by name; the element's own values win over its type's. */
function mergeSets(definitions: readonly Definition[]): JsonObject {
  const sets = new Map<string, JsonObject>();
  for (const { name, values } of definitions) sets.set(name, { ...sets.get(name), ...values });
  return Object.fromEntries(sets);
}

function describeType(index: EntityIndex, id: number, count: number): JsonObject {
  const { keyword = "", parameters = [] } = index.read(id) ?? {};
  return {
    id,
    class: classOfKeyword(keyword),
    global_id: textOf(parameters[0]),
    name: textOf(parameters[2]),
    description: textOf(parameters[3]),
    element_type: textOf(parameters[8]),
    element_count: count,
  };
}

export function describeElements(call: ElementsCall): DescribedElements {
  const { index, relations, options, boxes, signal } = call;
  const placeOf = placeFinder(index, relations);
  const definitionOf = once((id) => readDefinition(index, id));
  const definitionsOf = once((type) => definitionsOfType(index, type));
  const materialsOf = once((id) => readMaterials(index, id));
  const typeNameOf = once((type) => textOf(index.read(type)?.parameters[2]));
  const typeCounts = new Map<number, number>();
  let valuesLeft = call.maxValues;
  let withoutValues = 0;

  const valuesOf = (id: number, type: number | undefined): JsonObject => {
    const ids = [...(type === undefined ? [] : definitionsOf(type)), ...(relations.definitionsOf.get(id) ?? [])];
    const wanted = ids.map(definitionOf).filter((definition) => definition !== undefined);
    const properties = options.extract_properties ? wanted.filter(({ kind }) => kind === "properties") : [];
    const quantities = options.extract_quantities ? wanted.filter(({ kind }) => kind === "quantities") : [];
    const associated =
      relations.materialOf.get(id) ?? (type === undefined ? undefined : relations.materialOf.get(type));
    const materials = options.extract_materials && associated !== undefined ? materialsOf(associated) : [];
    const size = [...properties, ...quantities].reduce((sum, definition) => sum + definition.size, materials.length);
    const fits = size <= valuesLeft;
    if (fits) valuesLeft -= size;
    else withoutValues += 1;
    return {
      ...(options.extract_properties ? { property_sets: fits ? mergeSets(properties) : {} } : {}),
      ...(options.extract_quantities ? { quantities: fits ? mergeSets(quantities) : {} } : {}),
      ...(options.extract_materials ? { materials: fits ? materials : [] } : {}),
    };
  };

  const describe = (id: number): JsonObject => {
    const { keyword = "", parameters = [] } = index.read(id) ?? {};
    const type = relations.typeOf.get(id);
    if (type !== undefined) typeCounts.set(type, (typeCounts.get(type) ?? 0) + 1);
    const box = boxes?.get(id);
    return {
      id,
      global_id: textOf(parameters[0]),
      class: classOfKeyword(keyword),
      name: textOf(parameters[2]),
      description: textOf(parameters[3]),
      object_type: textOf(parameters[4]),
      ...(keyword === "IFCSPACE" ? { long_name: textOf(parameters[7]) } : { tag: textOf(parameters[7]) }),
      ...placeOf(id),
      type_name: type === undefined ? null : typeNameOf(type),
      ...valuesOf(id, type),
      ...(boxes === undefined ? {} : { bbox: box === undefined ? null : { min: box.min, max: box.max } }),
    };
  };

  const elements = call.elements.map((id, at) => {
    if (at % 1000 === 0) {
      signal.throwIfAborted();
      call.progress(at / call.elements.length);
    }
    return describe(id);
  });
  const types = [...typeCounts].map(([type, count]) => describeType(index, type, count));
  return { elements, types, withoutValues };
}
