import type { Point } from "./record.ts";

function cross(a: Point, b: Point): Point {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function unit(vector: Point): Point | undefined {
  const length = Math.hypot(...vector);
  if (!(length > 0) || !Number.isFinite(length)) return undefined;
  return [vector[0] / length, vector[1] / length, vector[2] / length];
}

/** Nearer to the world's z axis than this, a plane's x axis is taken from the y axis (DXF reference, arbitrary axis). */
const NEAR_Z = 1 / 64;

/**
 * Flat entities give their points in a plane of their own, named by the direction it faces; this brings them into the
 * drawing's axes.
 */
export function toWorld(point: Point, extrusion: Point | undefined): Point {
  const z = extrusion && unit(extrusion);
  if (z === undefined) return point;
  const isNearZ = Math.abs(z[0]) < NEAR_Z && Math.abs(z[1]) < NEAR_Z;
  const x = unit(cross(isNearZ ? [0, 1, 0] : [0, 0, 1], z))!;
  const y = cross(z, x);
  const along = (axis: 0 | 1 | 2): number => point[0] * x[axis] + point[1] * y[axis] + point[2] * z[axis];
  return [along(0), along(1), along(2)];
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** Angles, sums of squares and the like carry the noise of binary fractions: nine digits after the point are enough. */
export function tidy(value: number): number {
  const rounded = Math.round(value * 1e9) / 1e9;
  return Number.isFinite(rounded) ? rounded + 0 : value;
}

export function tidyPoint(point: Point): [number, number, number] {
  return [tidy(point[0]), tidy(point[1]), tidy(point[2])];
}
