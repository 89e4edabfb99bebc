import type { Box } from "./box.ts";
import { distance } from "./planes.ts";
import type { DxfRecord, Point } from "./record.ts";

const TURN = 2 * Math.PI;

/** How far it is from one direction to the other counter-clockwise, more than 0 and at most a whole turn. */
function sweep(from: number, to: number): number {
  const turn = (((to - from) % TURN) + TURN) % TURN;
  return turn < 1e-12 ? TURN : turn;
}

/** An ellipse by two half axes at right angles; a circle when they are equally long. */
interface Oval {
  readonly centre: Point;
  readonly major: Point;
  readonly minor: Point;
  readonly from: number;
  readonly swept: number;
}

function pointAt({ centre, major, minor }: Oval, angle: number): Point {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const along = (axis: 0 | 1 | 2): number => centre[axis] + cos * major[axis] + sin * minor[axis];
  return [along(0), along(1), along(2)];
}

/** Its ends and where it turns back along an axis, as far as that lies on the drawn part. */
function addOval(oval: Oval, box: Box): void {
  const { from, swept, major, minor } = oval;
  box.add(pointAt(oval, from));
  box.add(pointAt(oval, from + swept));
  for (const axis of [0, 1, 2] as const) {
    const turning = Math.atan2(minor[axis], major[axis]);
    for (const angle of [turning, turning + Math.PI]) {
      if (sweep(from, angle) <= swept) box.add(pointAt(oval, angle));
    }
  }
}

function circleOf(centre: Point, radius: number, from: number, swept: number): Oval {
  return { centre, major: [radius, 0, 0], minor: [0, radius, 0], from, swept };
}

/** A CIRCLE or ARC in its plane: adds its box, returns its length. */
export function addArc(record: DxfRecord, box: Box): number {
  const centre = record.point(10);
  const radius = Math.abs(record.number(40) ?? Number.NaN);
  if (centre === undefined || Number.isNaN(radius)) return 0;
  const radians = (code: number): number => ((record.number(code) ?? 0) * Math.PI) / 180;
  const from = record.type === "ARC" ? radians(50) : 0;
  const swept = record.type === "ARC" ? sweep(from, radians(51)) : TURN;
  addOval(circleOf(centre, radius, from, swept), box);
  return radius * swept;
}

const STEPS = 64;

/** An ELLIPSE, given in the drawing's axes: adds its box, returns its length (Simpson's rule, 64 steps). */
export function addEllipse(record: DxfRecord, box: Box): number {
  const centre = record.point(10);
  const major = record.point(11);
  if (centre === undefined || major === undefined) return 0;
  const ratio = record.number(40) ?? 1;
  const up = record.extrusion() ?? [0, 0, 1];
  const size = Math.hypot(...up) || 1;
  const minor: Point = [
    ((up[1] * major[2] - up[2] * major[1]) / size) * ratio,
    ((up[2] * major[0] - up[0] * major[2]) / size) * ratio,
    ((up[0] * major[1] - up[1] * major[0]) / size) * ratio,
  ];
  const from = record.number(41) ?? 0;
  const oval: Oval = { centre, major, minor, from, swept: sweep(from, record.number(42) ?? TURN) };
  addOval(oval, box);
  const [a, b] = [Math.hypot(...major), Math.hypot(...minor)];
  const speed = (angle: number): number => Math.hypot(a * Math.sin(angle), b * Math.cos(angle));
  const step = oval.swept / STEPS;
  let sum = speed(from) + speed(from + oval.swept);
  for (let index = 1; index < STEPS; index += 1) sum += speed(from + index * step) * (index % 2 === 1 ? 4 : 2);
  return (sum * step) / 3;
}

/** Flatter than this it is straight: a thousandth of a millimetre over a thousand kilometres. */
const MIN_BULGE = 1e-12;

/** A polyline's piece: straight, or an arc whose bulge is the tangent of a quarter of its angle. */
export function addSegment(from: Point, to: Point, bulge: number, box: Box): number {
  box.add(from);
  box.add(to);
  const chord = distance(from, to);
  if (Math.abs(bulge) < MIN_BULGE || chord === 0) return chord;
  const swept = 4 * Math.atan(Math.abs(bulge));
  const radius = (chord * (1 + bulge * bulge)) / (4 * Math.abs(bulge));
  // the centre lies on the chord's perpendicular, on its left for a positive bulge below a half circle
  const height = (chord * (1 - bulge * bulge)) / (4 * bulge);
  const [dx, dy] = [(to[0] - from[0]) / chord, (to[1] - from[1]) / chord];
  const centre: Point = [(from[0] + to[0]) / 2 - dy * height, (from[1] + to[1]) / 2 + dx * height, from[2]];
  const start = bulge > 0 ? from : to;
  addOval(circleOf(centre, radius, Math.atan2(start[1] - centre[1], start[0] - centre[0]), swept), box);
  return radius * swept;
}
