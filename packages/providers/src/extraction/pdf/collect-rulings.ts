import type { Matrix } from "./matrix.ts";

/** A straight line along an edge of the page: `at` across it, `from` to `to` along it. */
export interface Ruling {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

export interface Rulings {
  readonly horizontal: readonly Ruling[];
  readonly vertical: readonly Ruling[];
}

export interface RulingCollector {
  /** A path in the form pdf.js gives it, in units of `placed`. */
  add(path: ArrayLike<number>, paint: "stroke" | "fill", placed: Matrix): void;
  finish(): Rulings;
}

/** A filled bar no thicker than this is a drawn line. */
const MAX_THICKNESS = 3;
/** Lines that lean by more than this over their length are not along an edge. */
const MAX_LEAN = 1;
/** A drawing with more lines than this has them for something else than tables. */
const MAX_SEGMENTS = 100_000;

const [MOVE, LINE, CURVE, QUADRATIC] = [0, 1, 2, 3];

export function collectRulings(): RulingCollector {
  const horizontal: Ruling[] = [];
  const vertical: Ruling[] = [];

  const addLine = (x0: number, y0: number, x1: number, y1: number): void => {
    if (horizontal.length + vertical.length >= MAX_SEGMENTS) return;
    const [width, height] = [Math.abs(x1 - x0), Math.abs(y1 - y0)];
    if (height <= MAX_LEAN && width > height) {
      horizontal.push({ at: (y0 + y1) / 2, from: Math.min(x0, x1), to: Math.max(x0, x1) });
    } else if (width <= MAX_LEAN && height > width) {
      vertical.push({ at: (x0 + x1) / 2, from: Math.min(y0, y1), to: Math.max(y0, y1) });
    }
  };

  /** The corners of one part of a path, on the page. */
  const addPart = (xs: readonly number[], ys: readonly number[], paint: "stroke" | "fill"): void => {
    if (paint === "stroke") {
      for (let i = 1; i < xs.length; i += 1) addLine(xs[i - 1]!, ys[i - 1]!, xs[i]!, ys[i]!);
      return;
    }
    if (xs.length < 4 || xs.length > 6) return;
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    if (y1 - y0 <= MAX_THICKNESS && x1 - x0 > y1 - y0) horizontal.push({ at: (y0 + y1) / 2, from: x0, to: x1 });
    else if (x1 - x0 <= MAX_THICKNESS && y1 - y0 > x1 - x0) vertical.push({ at: (x0 + x1) / 2, from: y0, to: y1 });
  };

  return {
    add(path, paint, [a, b, c, d, e, f]) {
      if (horizontal.length + vertical.length >= MAX_SEGMENTS) return;
      let xs: number[] = [];
      let ys: number[] = [];
      const point = (x: number, y: number): void => {
        xs.push(a * x + c * y + e);
        ys.push(b * x + d * y + f);
      };
      const flush = (): void => {
        addPart(xs, ys, paint);
        xs = [];
        ys = [];
      };
      for (let i = 0; i < path.length; ) {
        const drawn = path[i];
        if (drawn === MOVE || drawn === LINE) {
          if (drawn === MOVE) flush();
          point(path[i + 1]!, path[i + 2]!);
          i += 3;
        } else if (drawn === CURVE || drawn === QUADRATIC) {
          // the corners before a curve count, the curve does not
          flush();
          const length = drawn === CURVE ? 6 : 4;
          point(path[i + length - 1]!, path[i + length]!);
          i += length + 1;
        } else {
          if (xs.length > 0) {
            xs.push(xs[0]!);
            ys.push(ys[0]!);
          }
          i += 1;
        }
      }
      flush();
    },
    finish: () => ({ horizontal, vertical }),
  };
}
