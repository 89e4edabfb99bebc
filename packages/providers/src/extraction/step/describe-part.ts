import type { Json, JsonObject } from "@millrace/core";
import type { OcctMesh } from "occt-import-js";
import type { StepOptions } from "../extraction-options.ts";
import type { BodyFacts } from "./body-facts.ts";
import { type Bounds, joinBounds, type Measures, type Point } from "./measure-mesh.ts";

/** One shape, or several taken together. */
export interface Shape {
  readonly kind: "solid" | "shell" | "compound" | "none" | "unknown";
  readonly color: string | null;
  readonly bounds: Bounds | undefined;
  readonly area: number | undefined;
  readonly volume: number | undefined;
  readonly centroid: Point | undefined;
  readonly solids: number;
  readonly faces: number;
  /** Undefined where the text does not tell. */
  readonly edges: number | undefined;
  readonly vertices: number | undefined;
}

const byte = (linear: number): string => {
  const value = Math.min(1, Math.max(0, linear));
  const encoded = value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055;
  return Math.round(encoded * 255)
    .toString(16)
    .padStart(2, "0");
};

/** The shape's own colour, else the one all its faces have; the reader gives linear light, the web writes sRGB. */
function colorOf({ color, brep_faces: faces }: OcctMesh): string | null {
  const hex = (linear: readonly number[]): string => `#${linear.map(byte).join("")}`;
  if (color !== undefined) return hex(color);
  const [first, ...others] = new Set(faces.map((face) => (face.color === null ? null : hex(face.color))));
  return others.length === 0 ? (first ?? null) : null;
}

export function shapeOf(mesh: OcctMesh, measures: Measures, facts: BodyFacts | undefined): Shape {
  const volume = facts?.shape === "shell" ? undefined : measures.volume;
  const isSolid = facts === undefined ? volume !== undefined : facts.shape === "solid";
  return {
    kind: facts?.shape ?? "unknown",
    color: colorOf(mesh),
    bounds: measures.bounds,
    area: measures.area,
    volume,
    centroid: measures.centroid,
    solids: isSolid ? 1 : 0,
    faces: facts?.faces ?? mesh.brep_faces.length,
    edges: facts?.edges,
    vertices: facts?.vertices,
  };
}

/** A shape that only the text knows. */
export function shapeOfFacts(facts: BodyFacts): Shape {
  return {
    kind: facts.shape,
    color: null,
    bounds: undefined,
    area: undefined,
    volume: undefined,
    centroid: undefined,
    solids: facts.shape === "solid" ? 1 : 0,
    faces: facts.faces,
    edges: facts.edges,
    vertices: facts.vertices,
  };
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  let total: number | undefined;
  for (const value of values) if (value !== undefined) total = (total ?? 0) + value;
  return total;
}

/** Weighted by volume where all shapes have one, else by surface. */
function commonCentroid(shapes: readonly Shape[]): Point | undefined {
  const measured = shapes.filter((shape) => shape.centroid !== undefined);
  const byVolume = measured.every((shape) => shape.volume !== undefined);
  const weight = (shape: Shape): number => (byVolume ? shape.volume : shape.area) ?? 0;
  const total = sum(measured.map(weight)) ?? 0;
  if (total === 0) return undefined;
  const along = (axis: 0 | 1 | 2): number =>
    measured.reduce((moment, shape) => moment + weight(shape) * (shape.centroid?.[axis] ?? 0), 0) / total;
  return [along(0), along(1), along(2)];
}

export function joinShapes(shapes: readonly Shape[]): Shape {
  const [only, ...others] = shapes;
  if (only !== undefined && others.length === 0) return only;
  const colors = new Set(shapes.map((shape) => shape.color));
  return {
    kind: shapes.length === 0 ? "none" : "compound",
    color: colors.size === 1 ? (only?.color ?? null) : null,
    bounds: joinBounds(shapes.map((shape) => shape.bounds)),
    area: sum(shapes.map((shape) => shape.area)),
    volume: sum(shapes.map((shape) => shape.volume)),
    centroid: commonCentroid(shapes),
    solids: sum(shapes.map((shape) => shape.solids)) ?? 0,
    faces: sum(shapes.map((shape) => shape.faces)) ?? 0,
    edges: sum(shapes.map((shape) => shape.edges)),
    vertices: sum(shapes.map((shape) => shape.vertices)),
  };
}

/** Ten significant digits: more than the triangles are worth, and no 0.30000000000000004. */
const rounded = (value: number): number => Number(value.toPrecision(10));

function describeBounds(bounds: Bounds | undefined): Json {
  if (bounds === undefined) return null;
  const size = bounds.max.map((high, axis) => rounded(high - (bounds.min[axis] ?? 0)));
  return { min: bounds.min.map(rounded), max: bounds.max.map(rounded), size };
}

/** The fields of a shape that the options ask for. */
export function describeShape(shape: Shape, options: StepOptions): JsonObject {
  const number = (value: number | undefined): Json => (value === undefined ? null : rounded(value));
  return {
    bbox: describeBounds(shape.bounds),
    ...(options.calculate_volumes ? { volume: number(shape.volume) } : {}),
    ...(options.calculate_areas ? { area: number(shape.area) } : {}),
    ...(options.calculate_centroids ? { center_of_mass: shape.centroid?.map(rounded) ?? null } : {}),
    ...(options.count_shapes
      ? { face_count: shape.faces, edge_count: shape.edges ?? null, vertex_count: shape.vertices ?? null }
      : {}),
  };
}
