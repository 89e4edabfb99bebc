import type { JsonObject } from "@millrace/core";
import type { EntityIndex } from "../part-21/index-entities.ts";
import { type Parameter, textOf } from "../part-21/parameters.ts";
import { classOfKeyword, ELEMENT_KEYWORDS, SPATIAL_KEYWORDS } from "./element-classes.ts";
import type { Relations } from "./relations.ts";

export interface SpatialTree {
  readonly roots: readonly JsonObject[];
  /** Places left out because there are too many, or they lie too deep. */
  readonly isCut: boolean;
}

export interface SpatialLimits {
  readonly maxNodes: number;
  readonly maxDepth: number;
}

const SPATIAL: ReadonlySet<string> = new Set(SPATIAL_KEYWORDS);

type Node = { -readonly [Key in keyof JsonObject]: JsonObject[Key] };

function describePlace(index: EntityIndex, id: number, keyword: string): Node {
  const parameters: readonly Parameter[] = index.read(id)?.parameters ?? [];
  const elevation = parameters[9];
  return {
    id,
    class: classOfKeyword(keyword),
    global_id: textOf(parameters[0]),
    name: textOf(parameters[2]),
    description: textOf(parameters[3]),
    long_name: textOf(parameters[keyword === "IFCPROJECT" ? 5 : 7]),
    ...(keyword === "IFCBUILDINGSTOREY" ? { elevation: typeof elevation === "number" ? elevation : null } : {}),
  };
}

/** Project, sites, buildings, storeys and spaces as the file nests them; each stands once. */
export function readSpatialTree(
  index: EntityIndex,
  { parts, placeOf, containedIn }: Relations,
  { maxNodes, maxDepth }: SpatialLimits,
): SpatialTree {
  const contained = new Map<number, number>();
  for (const element of ELEMENT_KEYWORDS.flatMap((keyword) => index.of(keyword))) {
    const place = containedIn.get(element);
    if (place !== undefined) contained.set(place, (contained.get(place) ?? 0) + 1);
  }
  const places = SPATIAL_KEYWORDS.flatMap((keyword) => index.of(keyword));
  const isPlace = new Set(places);
  const tops = places.filter((id) => !isPlace.has(placeOf.get(id) ?? -1));
  const roots: JsonObject[] = [];
  const seen = new Set<number>();
  let isCut = false;
  const left = tops.reverse().map((id) => ({ id, into: roots, depth: 1 }));
  for (let frame = left.pop(); frame !== undefined; frame = left.pop()) {
    const { id, into, depth } = frame;
    const keyword = index.keywordOf(id);
    if (keyword === undefined || !SPATIAL.has(keyword) || seen.has(id)) continue;
    if (depth > maxDepth || seen.size >= maxNodes) {
      isCut = true;
      continue;
    }
    seen.add(id);
    const children: JsonObject[] = [];
    into.push({ ...describePlace(index, id, keyword), element_count: contained.get(id) ?? 0, children });
    for (const child of (parts.get(id) ?? []).toReversed()) left.push({ id: child, into: children, depth: depth + 1 });
  }
  // places that only contain each other have no top
  return { roots, isCut: isCut || seen.size < isPlace.size };
}
