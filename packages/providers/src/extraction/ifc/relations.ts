import type { EntityIndex } from "../part-21/index-entities.ts";
import { isList, isReference, type Parameter } from "../part-21/parameters.ts";

/** Who belongs to whom, by instance id, read in one pass over the relations. */
export interface Relations {
  /** Children of a whole, in the file's order: aggregation and nesting. */
  readonly parts: ReadonlyMap<number, readonly number[]>;
  /** Where an element is: the spatial element that contains it, else the whole it is part of, else what it fills. */
  readonly placeOf: ReadonlyMap<number, number>;
  /** Elements a spatial element contains. */
  readonly containedIn: ReadonlyMap<number, number>;
  /** Property sets and element quantities of an object. */
  readonly definitionsOf: ReadonlyMap<number, readonly number[]>;
  readonly typeOf: ReadonlyMap<number, number>;
  readonly materialOf: ReadonlyMap<number, number>;
}

export const RELATION_KEYWORDS = [
  "IFCRELAGGREGATES",
  "IFCRELNESTS",
  "IFCRELCONTAINEDINSPATIALSTRUCTURE",
  "IFCRELFILLSELEMENT",
  "IFCRELVOIDSELEMENT",
  "IFCRELDEFINESBYPROPERTIES",
  "IFCRELDEFINESBYTYPE",
  "IFCRELASSOCIATESMATERIAL",
];

function references(value: Parameter | undefined): readonly number[] {
  if (isReference(value)) return [value.ref];
  return isList(value) ? value.filter(isReference).map(({ ref }) => ref) : [];
}

/** Pairs of (related, relating) of every instance of `keyword`; `from` and `to` are the attributes' positions. */
function* pairs(
  index: EntityIndex,
  keyword: string,
  { from, to }: { readonly from: number; readonly to: number },
): Generator<readonly [number, number]> {
  for (const id of index.of(keyword)) {
    const { parameters = [] } = index.read(id) ?? {};
    const relating = references(parameters[to]);
    for (const related of references(parameters[from])) for (const other of relating) yield [related, other];
  }
}

function append(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Relation attributes stand at the same places in IFC2X3, IFC4 and IFC4X3. */
const RELATED_FIRST = { from: 4, to: 5 } as const;
const RELATING_FIRST = { from: 5, to: 4 } as const;

export function readRelations(index: EntityIndex): Relations {
  const parts = new Map<number, number[]>();
  const wholeOf = new Map<number, number>();
  for (const keyword of ["IFCRELAGGREGATES", "IFCRELNESTS"]) {
    for (const [part, whole] of pairs(index, keyword, RELATING_FIRST)) {
      append(parts, whole, part);
      if (!wholeOf.has(part)) wholeOf.set(part, whole);
    }
  }
  // a door fills an opening, which voids a wall
  const placeOf = new Map<number, number>();
  for (const [element, opening] of pairs(index, "IFCRELFILLSELEMENT", RELATING_FIRST)) placeOf.set(element, opening);
  for (const [opening, element] of pairs(index, "IFCRELVOIDSELEMENT", RELATING_FIRST)) placeOf.set(opening, element);
  for (const [part, whole] of wholeOf) placeOf.set(part, whole);
  const containedIn = new Map<number, number>();
  for (const [element, place] of pairs(index, "IFCRELCONTAINEDINSPATIALSTRUCTURE", RELATED_FIRST)) {
    placeOf.set(element, place);
    containedIn.set(element, place);
  }
  const definitionsOf = new Map<number, number[]>();
  for (const [object, definition] of pairs(index, "IFCRELDEFINESBYPROPERTIES", RELATED_FIRST)) {
    append(definitionsOf, object, definition);
  }
  return {
    parts,
    placeOf,
    containedIn,
    definitionsOf,
    typeOf: new Map(pairs(index, "IFCRELDEFINESBYTYPE", RELATED_FIRST)),
    materialOf: new Map(pairs(index, "IFCRELASSOCIATESMATERIAL", RELATED_FIRST)),
  };
}
