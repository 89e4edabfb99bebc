import type { JsonObject } from "@millrace/core";
import { Box } from "./box.ts";
import { addArc, addEllipse, addSegment } from "./curves.ts";
import { distance, tidy } from "./planes.ts";
import { type DxfRecord, type Point, plausible } from "./record.ts";
import type { Tags } from "./tags.ts";

/** Entities that repeat the codes of their points, so that a record's first value of each is not enough. */
const RUNS = new Set(["LWPOLYLINE", "SPLINE", "LEADER"]);

const IS_CLOSED = 1;
/** Of a POLYLINE: meshes have corners, but no length. */
const IS_MESH = 16 | 64;
/** Of a VERTEX: a control point of the smoothed line, not on it. */
const IS_CONTROL_POINT = 16;

/** The points of one polyline on their way past: only the first and the last are kept. */
class Run {
  readonly box = new Box();
  length = 0;
  #first: Point | undefined;
  #last: Point | undefined;
  #bulge = 0;
  #elevation = 0;
  #coming: [number, number, number, number] | undefined;

  begin(): void {
    this.box.clear();
    this.length = 0;
    this.#first = undefined;
    this.#last = undefined;
    this.#coming = undefined;
    this.#elevation = 0;
  }

  take(tags: Tags): void {
    const { code } = tags;
    if (code === 10) {
      this.#arrive();
      this.#coming = [tags.number(), 0, this.#elevation, 0];
    } else if (code === 38) this.#elevation = tags.number();
    else if (this.#coming === undefined) return;
    else if (code === 20) this.#coming[1] = tags.number();
    else if (code === 30) this.#coming[2] = tags.number();
    else if (code === 42) this.#coming[3] = tags.number();
  }

  #arrive(): void {
    if (this.#coming === undefined) return;
    const [x, y, z, bulge] = this.#coming.map(plausible);
    this.#coming = undefined;
    if (x !== undefined && y !== undefined) this.add([x, y, z ?? 0], bulge ?? 0);
  }

  add(point: Point, bulge: number): void {
    if (this.#last === undefined) this.box.add(point);
    else this.length += addSegment(this.#last, point, this.#bulge, this.box);
    this.#first ??= point;
    this.#last = point;
    this.#bulge = bulge;
  }

  end(isClosed: boolean): void {
    this.#arrive();
    if (isClosed && this.#first !== undefined && this.#last !== undefined) {
      this.length += addSegment(this.#last, this.#first, this.#bulge, this.box);
    }
  }
}

/** Lengths and extents of what is drawn in one space; blocks are not taken apart, they count with their base point. */
export class Geometry {
  readonly extents = { model: new Box(), paper: new Box() };
  readonly #lengths = new Map<string, number>();
  readonly #run = new Run();
  readonly #box = new Box();
  #isRun = false;
  #polylineFlags = 0;

  begin(type: string): void {
    this.#isRun = RUNS.has(type);
    if (this.#isRun || type === "POLYLINE") this.#run.begin();
  }

  take(tags: Tags): void {
    if (this.#isRun) this.#run.take(tags);
  }

  addVertex(record: DxfRecord): void {
    const point = record.point(10);
    if (point === undefined || (record.flags(70) & IS_CONTROL_POINT) !== 0) return;
    this.#run.add(point, record.number(42) ?? 0);
  }

  /** A POLYLINE's head has come; its vertices follow. */
  beginPolyline(record: DxfRecord): void {
    this.#polylineFlags = record.flags(70);
  }

  endPolyline(extrusion: Point | undefined, space: "model" | "paper"): void {
    const isMesh = (this.#polylineFlags & IS_MESH) !== 0;
    this.#run.end(!isMesh && (this.#polylineFlags & IS_CLOSED) !== 0);
    if (!isMesh) this.#addLength("POLYLINE", this.#run.length);
    this.extents[space].addBox(this.#run.box, extrusion);
  }

  /** Measures an entity that has come whole. */
  add(record: DxfRecord, space: "model" | "paper"): void {
    const extents = this.extents[space];
    this.#box.clear();
    switch (record.type) {
      case "CIRCLE":
      case "ARC":
        this.#addLength(record.type, addArc(record, this.#box));
        extents.addBox(this.#box, record.extrusion());
        return;
      case "ELLIPSE":
        this.#addLength(record.type, addEllipse(record, this.#box));
        extents.addBox(this.#box, undefined);
        return;
      case "LWPOLYLINE":
        this.#run.end((record.flags(70) & IS_CLOSED) !== 0);
        this.#addLength(record.type, this.#run.length);
        extents.addBox(this.#run.box, record.extrusion());
        return;
      case "SPLINE":
      case "LEADER":
        this.#run.end(false);
        extents.addBox(this.#run.box, undefined);
        return;
      case "LINE":
        this.#addLine(record, extents);
        return;
      default:
        this.#addCorners(record, extents);
    }
  }

  #addLine(record: DxfRecord, extents: Box): void {
    const [from, to] = [record.point(10), record.point(11)];
    extents.add(from);
    extents.add(to);
    if (from !== undefined && to !== undefined) this.#addLength("LINE", distance(from, to));
  }

  #addCorners(record: DxfRecord, extents: Box): void {
    const hasCorners = ["SOLID", "TRACE", "3DFACE"].includes(record.type);
    if (!hasCorners && !["POINT", "TEXT", "MTEXT", "INSERT"].includes(record.type)) return;
    for (const code of hasCorners ? [10, 11, 12, 13] : [10]) this.#box.add(record.point(code));
    const isInPlane = !["3DFACE", "POINT", "MTEXT"].includes(record.type);
    extents.addBox(this.#box, isInPlane ? record.extrusion() : undefined);
  }

  #addLength(type: string, length: number): void {
    if (Number.isFinite(length)) this.#lengths.set(type, (this.#lengths.get(type) ?? 0) + length);
  }

  describe(counts: ReadonlyMap<string, number>): JsonObject {
    let total = 0;
    for (const length of this.#lengths.values()) total += length;
    return {
      counts: Object.fromEntries(counts),
      lengths: Object.fromEntries([...this.#lengths].map(([type, length]) => [type, tidy(length)])),
      total_length: tidy(total),
      extents: { model_space: this.extents.model.describe(), paper_space: this.extents.paper.describe() },
    };
  }
}
