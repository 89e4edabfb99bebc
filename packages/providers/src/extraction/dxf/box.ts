import { tidyPoint, toWorld } from "./planes.ts";
import type { Point } from "./record.ts";

/** The smallest upright box around points. */
export class Box {
  #min: [number, number, number] = [Infinity, Infinity, Infinity];
  #max: [number, number, number] = [-Infinity, -Infinity, -Infinity];

  get isEmpty(): boolean {
    return this.#min[0] > this.#max[0];
  }

  clear(): void {
    this.#min = [Infinity, Infinity, Infinity];
    this.#max = [-Infinity, -Infinity, -Infinity];
  }

  add(point: Point | undefined): void {
    if (point === undefined || !point.every(Number.isFinite)) return;
    for (const axis of [0, 1, 2] as const) {
      if (point[axis] < this.#min[axis]) this.#min[axis] = point[axis];
      if (point[axis] > this.#max[axis]) this.#max[axis] = point[axis];
    }
  }

  /** Adds a box of a plane facing `extrusion`, by its corners: for a tilted plane the result may be a little large. */
  addBox(box: Box, extrusion: Point | undefined): void {
    if (box.isEmpty) return;
    const [low, high] = [box.#min, box.#max];
    if (extrusion === undefined) {
      this.add(low);
      this.add(high);
      return;
    }
    for (let corner = 0; corner < 8; corner += 1) {
      const pick = (axis: 0 | 1 | 2): number => ((corner >> axis) & 1 ? high : low)[axis];
      this.add(toWorld([pick(0), pick(1), pick(2)], extrusion));
    }
  }

  describe(): { readonly min: number[]; readonly max: number[] } | null {
    return this.isEmpty ? null : { min: tidyPoint(this.#min), max: tidyPoint(this.#max) };
  }
}
