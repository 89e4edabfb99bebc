/** Points of 1/72 inch from the top left corner of the page as it is shown; y grows downwards. */
export interface Box {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

export function boxAround(boxes: readonly Box[]): Box {
  const around = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  for (const box of boxes) {
    around.x0 = Math.min(around.x0, box.x0);
    around.y0 = Math.min(around.y0, box.y0);
    around.x1 = Math.max(around.x1, box.x1);
    around.y1 = Math.max(around.y1, box.y1);
  }
  return around;
}

/** Hundredths: finer than any page is printed. */
export const rounded = (value: number): number => Math.round(value * 100) / 100;

/** `[left, top, right, bottom]`, as results show it. */
export const bboxOf = (box: Box): readonly number[] => [box.x0, box.y0, box.x1, box.y1].map(rounded);

/** How far two spans overlap; negative is the distance between them. */
export const overlap = (a0: number, a1: number, b0: number, b1: number): number => Math.min(a1, b1) - Math.max(a0, b0);

/** The middle one of the sorted values; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
