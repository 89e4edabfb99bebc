import type { JsonObject } from "@millrace/core";
import { plainParagraphs } from "./plain-text.ts";
import { distance, tidy, tidyPoint, toWorld } from "./planes.ts";
import type { DxfRecord, Point } from "./record.ts";

const KINDS = ["linear", "aligned", "angular", "diameter", "radius", "angular3point", "ordinate"] as const;
export type DimensionKind = (typeof KINDS)[number] | "arc_length";

/** Bits 0–2 of code 70 are the kind, the rest flags. */
const KIND_BITS = 7;
const IS_X_ORDINATE = 64;
const DEGREES = 180 / Math.PI;

export function dimensionKindOf(record: DxfRecord): DimensionKind | undefined {
  if (record.type === "ARC_DIMENSION") return "arc_length";
  if (record.type === "LARGE_RADIAL_DIMENSION") return "radius";
  return KINDS[record.flags(70) & KIND_BITS];
}

function angleBetween(a: Point, b: Point): number {
  const turn = Math.abs(Math.atan2(a[1], a[0]) - Math.atan2(b[1], b[0])) * DEGREES;
  return turn > 180 ? 360 - turn : turn;
}

function minus(a: Point, b: Point): Point {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

/** Along the direction of code 50, or crosswise between the two points when they say nothing else. */
function linearMeasurement(record: DxfRecord, from: Point, to: Point): number {
  const angle = (record.number(50) ?? 0) / DEGREES;
  return Math.abs((to[0] - from[0]) * Math.cos(angle) + (to[1] - from[1]) * Math.sin(angle));
}

/** From the points, for drawings that do not store what was measured (release 12 and many small programs). */
function measure(record: DxfRecord, kind: DimensionKind): number | undefined {
  const [at10, at13, at14, at15] = [10, 13, 14, 15].map((code) => record.point(code));
  switch (kind) {
    case "linear":
      return at13 && at14 && linearMeasurement(record, at13, at14);
    case "aligned":
      return at13 && at14 && distance(at13, at14);
    case "diameter":
    case "radius":
      return at10 && at15 && distance(at10, at15);
    case "angular":
      return at10 && at13 && at14 && at15 && angleBetween(minus(at14, at13), minus(at10, at15));
    case "angular3point":
      return at13 && at14 && at15 && angleBetween(minus(at13, at15), minus(at14, at15));
    case "ordinate":
      return at10 && at13 && Math.abs(at13[0 + yIndex(record)]! - at10[0 + yIndex(record)]!);
    default:
      return undefined;
  }
}

function yIndex(record: DxfRecord): 0 | 1 {
  return (record.flags(70) & IS_X_ORDINATE) === 0 ? 1 : 0;
}

function isAngle(kind: DimensionKind): boolean {
  return kind === "angular" || kind === "angular3point";
}

/** Code 42 where it is there. Angles are stored in radians, but some programs write degrees. */
function measurementOf(record: DxfRecord, kind: DimensionKind): number | undefined {
  const stored = record.number(42);
  if (stored === undefined || stored <= 0) return measure(record, kind) ?? stored;
  return isAngle(kind) && stored <= 2 * Math.PI ? stored * DEGREES : stored;
}

/** The DXF reference's meaning of each point; those of codes 11, 12 and 16 lie in the dimension's own plane. */
const POINTS = [
  ["definition", 10],
  ["text_middle", 11],
  ["extension_1", 13],
  ["extension_2", 14],
  ["feature", 15],
  ["arc", 16],
] as const;
const IN_OWN_PLANE = new Set([11, 16]);

function pointsOf(record: DxfRecord): JsonObject {
  const points: Record<string, [number, number, number]> = {};
  for (const [name, code] of POINTS) {
    const point = record.point(code);
    if (point === undefined) continue;
    points[name] = tidyPoint(IN_OWN_PLANE.has(code) ? toWorld(point, record.extrusion()) : point);
  }
  return points;
}

/** A text of its own instead of the measured value; `<>` in it stands for that value, which then is no override. */
function overrideOf(record: DxfRecord): string | null {
  const text = plainParagraphs(record.raw(1) ?? "");
  return text === "" || text === "<>" ? null : text;
}

/** One dimension: lengths in drawing units, angles in degrees. */
export function describeDimension(record: DxfRecord, kind: DimensionKind): JsonObject {
  const measurement = measurementOf(record, kind);
  return {
    type: kind,
    measurement: measurement === undefined ? null : tidy(measurement),
    unit: isAngle(kind) ? "degrees" : "drawing_units",
    text_override: overrideOf(record),
    style: record.name(3) ?? null,
    ...(kind === "ordinate" ? { axis: yIndex(record) === 0 ? "x" : "y" } : {}),
    points: pointsOf(record),
  };
}
