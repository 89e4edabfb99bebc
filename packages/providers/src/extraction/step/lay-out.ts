import type { Product, ProductStructure } from "./product-structure.ts";
import type { Shapes } from "./read-shapes.ts";

/** One use of a product that has a shape or no uses of its own, or, where the text does not tell, one shape. */
export interface PlacedPart {
  readonly name: string;
  readonly label: string | null;
  readonly product: Product | undefined;
  /** Positions in `Shapes.meshes`, one for each of `product.bodies` where that is known. */
  readonly meshes: readonly number[];
}

export interface AssemblyNode {
  readonly name: string;
  readonly label: string | null;
  readonly product: Product | undefined;
  /** Positions in `Layout.parts`. */
  readonly parts: number[];
  readonly children: AssemblyNode[];
}

export interface Layout {
  readonly roots: readonly AssemblyNode[];
  readonly parts: readonly PlacedPart[];
  /** Uses that were left out because there are too many, or they lie too deep. */
  readonly isCut: boolean;
}

export interface LayoutLimits {
  readonly maxParts: number;
  readonly maxDepth: number;
}

/** Names the reader gives where the file names only the product around the shape. */
const NO_NAME = /^(?:|SOLID|SHELL|COMPOUND|COMPSOLID|FACE)$/i;

interface Frame {
  readonly product: Product;
  readonly into: AssemblyNode[];
  readonly label: string | null;
  readonly depth: number;
}

/**
 * Tree and parts from the products' uses in the text. The shapes come from their reader in the same order, one for each
 * body of each use; undefined where numbers or names show that they do not.
 */
export function layOutProducts(
  structure: ProductStructure,
  shapes: Shapes | undefined,
  { maxParts, maxDepth }: LayoutLimits,
): Layout | undefined {
  const roots: AssemblyNode[] = [];
  const parts: PlacedPart[] = [];
  let isCut = false;
  let nodes = 0;
  let nextMesh = 0;
  const first = structure.roots.map((product): Frame => ({ product, into: roots, label: null, depth: 1 }));
  const left = first.reverse();
  for (let frame = left.pop(); frame !== undefined; frame = left.pop()) {
    const { product, into, label, depth } = frame;
    const meshes = shapes === undefined ? [] : product.bodies.map(() => nextMesh++);
    for (const mesh of meshes) {
      const name = shapes?.meshes[mesh]?.name;
      if (name === undefined || !(NO_NAME.test(name) || name === product.name || name === product.number)) {
        return undefined;
      }
    }
    if (depth > maxDepth || nodes >= maxParts * 2 || parts.length >= maxParts) {
      isCut = true;
      // with shapes the rest must still be counted, to know that they belong here
      if (shapes === undefined) continue;
    } else nodes += 1;
    const node: AssemblyNode = { name: product.name, label, product, parts: [], children: [] };
    if (depth <= maxDepth && nodes <= maxParts * 2) into.push(node);
    if ((product.uses.length === 0 || product.bodies.length > 0) && parts.length < maxParts) {
      node.parts.push(parts.length);
      parts.push({ name: product.name, label, product, meshes });
    }
    for (const use of product.uses.toReversed()) {
      left.push({ product: use.child, into: node.children, label: use.label, depth: depth + 1 });
    }
  }
  return shapes === undefined || nextMesh === shapes.meshes.length ? { roots, parts, isCut } : undefined;
}

/** Tree and parts as the reader of the shapes groups them: one part for each shape. */
export function layOutShapes({ root, meshes }: Shapes, { maxParts, maxDepth }: LayoutLimits): Layout {
  const roots: AssemblyNode[] = [];
  const parts: PlacedPart[] = [];
  let isCut = false;
  let nodes = 0;
  const left = [{ source: root, into: roots, depth: 0 }];
  for (let frame = left.pop(); frame !== undefined; frame = left.pop()) {
    const { source, into, depth } = frame;
    if (depth > maxDepth || nodes >= maxParts * 2) {
      isCut = true;
      continue;
    }
    nodes += 1;
    const node: AssemblyNode = { name: source.name, label: null, product: undefined, parts: [], children: [] };
    // the reader puts a node without a name around everything
    if (depth > 0 || source.meshes.length > 0) into.push(node);
    const inside = depth > 0 || source.meshes.length > 0 ? node.children : into;
    for (const mesh of source.meshes) {
      if (parts.length >= maxParts) {
        isCut = true;
        break;
      }
      node.parts.push(parts.length);
      parts.push({ name: meshes[mesh]?.name ?? "", label: null, product: undefined, meshes: [mesh] });
    }
    for (const child of source.children.toReversed()) left.push({ source: child, into: inside, depth: depth + 1 });
  }
  return { roots, parts, isCut };
}
