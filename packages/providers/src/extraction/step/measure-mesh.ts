export type Point = readonly [number, number, number];

export interface Bounds {
  readonly min: Point;
  readonly max: Point;
}

export interface Measures {
  readonly bounds: Bounds | undefined;
  readonly area: number;
  /** What the surface encloses; undefined where it is open. */
  readonly volume: number | undefined;
  /** Of the volume, or of the surface where it is open. */
  readonly centroid: Point | undefined;
}

/** Sum of all faces' directions over their area: zero for a closed surface, but for rounding. */
const OPEN_SURFACE_RATIO = 1e-4;

function boundsOf(positions: readonly number[]): Bounds | undefined {
  if (positions.length < 3) return undefined;
  const min: [number, number, number] = [Infinity, Infinity, Infinity];
  const max: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 2 < positions.length; i += 3) {
    for (const axis of [0, 1, 2] as const) {
      const value = positions[i + axis] ?? 0;
      if (value < min[axis]) min[axis] = value;
      if (value > max[axis]) max[axis] = value;
    }
  }
  return { min, max };
}

export function joinBounds(all: readonly (Bounds | undefined)[]): Bounds | undefined {
  return boundsOf(all.flatMap((bounds) => (bounds === undefined ? [] : [...bounds.min, ...bounds.max])));
}

/**
 * Area, volume and centroid of triangles by the divergence theorem: each triangle and the middle of the box make a
 * tetrahedron, whose signed volumes add up to what the surface encloses. As exact as the triangles are close to the
 * surface.
 */
export function measureMesh(positions: readonly number[], indices: readonly number[]): Measures {
  const bounds = boundsOf(positions);
  if (bounds === undefined) return { bounds, area: 0, volume: undefined, centroid: undefined };
  const middle = ([0, 1, 2] as const).map((axis) => (bounds.min[axis] + bounds.max[axis]) / 2);
  const [mx = 0, my = 0, mz = 0] = middle;
  let area = 0;
  let volume = 0;
  const direction = [0, 0, 0] as [number, number, number];
  const inside = [0, 0, 0] as [number, number, number];
  const surface = [0, 0, 0] as [number, number, number];
  const at = (corner: number, axis: number): number => positions[(indices[corner] ?? 0) * 3 + axis] ?? 0;
  for (let i = 0; i + 2 < indices.length; i += 3) {
    const ax = at(i, 0) - mx;
    const ay = at(i, 1) - my;
    const az = at(i, 2) - mz;
    const bx = at(i + 1, 0) - mx;
    const by = at(i + 1, 1) - my;
    const bz = at(i + 1, 2) - mz;
    const cx = at(i + 2, 0) - mx;
    const cy = at(i + 2, 1) - my;
    const cz = at(i + 2, 2) - mz;
    // twice the triangle's area, along its normal
    const nx = (by - ay) * (cz - az) - (bz - az) * (cy - ay);
    const ny = (bz - az) * (cx - ax) - (bx - ax) * (cz - az);
    const nz = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    const triangle = Math.hypot(nx, ny, nz) / 2;
    const tetrahedron = (ax * nx + ay * ny + az * nz) / 6;
    area += triangle;
    volume += tetrahedron;
    direction[0] += nx;
    direction[1] += ny;
    direction[2] += nz;
    const sums = [ax + bx + cx, ay + by + cy, az + bz + cz];
    for (const axis of [0, 1, 2] as const) {
      inside[axis] += (tetrahedron * (sums[axis] ?? 0)) / 4;
      surface[axis] += (triangle * (sums[axis] ?? 0)) / 3;
    }
  }
  const isClosed = area > 0 && Math.hypot(...direction) / 2 <= OPEN_SURFACE_RATIO * area && volume !== 0;
  const [weighted, weight] = isClosed ? [inside, volume] : [surface, area];
  const centroid = (weight === 0 ? middle : weighted.map((sum, axis) => sum / weight + (middle[axis] ?? 0))) as [
    number,
    number,
    number,
  ];
  return { bounds, area, volume: isClosed ? Math.abs(volume) : undefined, centroid };
}
