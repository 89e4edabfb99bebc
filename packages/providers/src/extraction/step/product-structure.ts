import type { EntityIndex } from "../part-21/index-entities.ts";
import { isReference, referenceOf, textOf } from "../part-21/parameters.ts";

export interface Usage {
  readonly child: Product;
  /** What the parent calls this use of the child. */
  readonly label: string | null;
}

/** A product definition: a part, or an assembly of uses of others. */
export interface Product {
  /** Of its PRODUCT_DEFINITION. */
  readonly id: number;
  readonly number: string | null;
  readonly name: string;
  readonly uses: Usage[];
  /** Instances of the shape it has itself: MANIFOLD_SOLID_BREP and its like. */
  readonly bodies: readonly number[];
}

export interface ProductStructure {
  readonly products: readonly Product[];
  /** Used by nobody, with a shape or uses of their own. */
  readonly roots: readonly Product[];
  /** Levels of the deepest branch. */
  readonly depth: number;
  /** Bodies and parts when every use is counted; may be beyond anything that can be listed. */
  readonly occurrences: number;
  readonly isCyclic: boolean;
}

export const STRUCTURE_KEYWORDS = [
  "PRODUCT_DEFINITION",
  "PRODUCT_DEFINITION_WITH_ASSOCIATED_DOCUMENTS",
  "NEXT_ASSEMBLY_USAGE_OCCURRENCE",
  "SHAPE_DEFINITION_REPRESENTATION",
  "SHAPE_REPRESENTATION_RELATIONSHIP",
];

const BODY_KEYWORDS: ReadonlySet<string> = new Set([
  "MANIFOLD_SOLID_BREP",
  "BREP_WITH_VOIDS",
  "FACETED_BREP",
  "SHELL_BASED_SURFACE_MODEL",
  "FACE_BASED_SURFACE_MODEL",
]);

function bodiesByDefinition(index: EntityIndex): ReadonlyMap<number, readonly number[]> {
  const related = new Map<number, number[]>();
  for (const id of index.of("SHAPE_REPRESENTATION_RELATIONSHIP")) {
    const [, , one, other] = index.read(id)?.parameters ?? [];
    if (!isReference(one) || !isReference(other)) continue;
    related.set(one.ref, [...(related.get(one.ref) ?? []), other.ref]);
    related.set(other.ref, [...(related.get(other.ref) ?? []), one.ref]);
  }
  const bodiesOf = (representation: number): readonly number[] => {
    const items = index.read(representation)?.parameters[1];
    if (!Array.isArray(items)) return [];
    return items.filter(isReference).flatMap(({ ref }) => (BODY_KEYWORDS.has(index.keywordOf(ref) ?? "") ? [ref] : []));
  };
  const found = new Map<number, readonly number[]>();
  for (const id of index.of("SHAPE_DEFINITION_REPRESENTATION")) {
    const [shape, representation] = index.read(id)?.parameters ?? [];
    if (!isReference(shape) || !isReference(representation)) continue;
    const definition = referenceOf(index.read(shape.ref)?.parameters[2]);
    if (definition === undefined) continue;
    const representations = [representation.ref, ...(related.get(representation.ref) ?? [])];
    const bodies = new Set([...(found.get(definition) ?? []), ...representations.flatMap(bodiesOf)]);
    found.set(definition, [...bodies]);
  }
  return found;
}

function productOf(index: EntityIndex, id: number, bodies: readonly number[]): Product {
  const formation = referenceOf(index.read(id)?.parameters[2]);
  const product = formation === undefined ? undefined : referenceOf(index.read(formation)?.parameters[2]);
  const [number, name] = (product === undefined ? undefined : index.read(product)?.parameters) ?? [];
  return { id, number: textOf(number), name: textOf(name) ?? textOf(number) ?? "", uses: [], bodies };
}

interface Measure {
  readonly depth: number;
  readonly occurrences: number;
}

/** Depth and size of what `roots` stand for, each product measured once, without recursion. */
function measure(products: readonly Product[]): ReadonlyMap<Product, Measure> | undefined {
  const done = new Map<Product, Measure>();
  const isOpen = new Set<Product>();
  for (const start of products) {
    const stack = [start];
    for (let product = stack.at(-1); product !== undefined; product = stack.at(-1)) {
      const open = product.uses.filter(({ child }) => !done.has(child));
      if (done.has(product) || open.length === 0) {
        const children = product.uses.map(({ child }) => done.get(child) ?? { depth: 0, occurrences: 0 });
        const depth = 1 + children.reduce((most, child) => Math.max(most, child.depth), 0);
        const own = children.length === 0 ? Math.max(1, product.bodies.length) : product.bodies.length;
        done.set(product, { depth, occurrences: children.reduce((sum, child) => sum + child.occurrences, own) });
        isOpen.delete(product);
        stack.pop();
      } else {
        if (isOpen.has(product)) return undefined;
        isOpen.add(product);
        for (const child of new Set(open.map((use) => use.child))) stack.push(child);
      }
    }
  }
  return done;
}

/** Which products a file has and who uses whom, from its text. */
export function readProductStructure(index: EntityIndex): ProductStructure {
  const bodies = bodiesByDefinition(index);
  const byId = new Map<number, Product>();
  const definitions = [...index.of("PRODUCT_DEFINITION"), ...index.of("PRODUCT_DEFINITION_WITH_ASSOCIATED_DOCUMENTS")];
  for (const id of definitions) byId.set(id, productOf(index, id, bodies.get(id) ?? []));
  const used = new Set<Product>();
  for (const id of index.of("NEXT_ASSEMBLY_USAGE_OCCURRENCE")) {
    const [number, name, , relating, related, designator] = index.read(id)?.parameters ?? [];
    const parent = byId.get(referenceOf(relating) ?? -1);
    const child = byId.get(referenceOf(related) ?? -1);
    if (parent === undefined || child === undefined) continue;
    parent.uses.push({ child, label: textOf(designator) ?? textOf(name) ?? textOf(number) });
    used.add(child);
  }
  const products = [...byId.values()];
  const measures = measure(products);
  const tops = products.filter((product) => !used.has(product));
  const shaped = tops.filter((product) => product.uses.length > 0 || product.bodies.length > 0);
  const roots = shaped.length > 0 ? shaped : tops;
  const of = roots.map((root) => measures?.get(root) ?? { depth: 0, occurrences: 0 });
  return {
    products,
    roots,
    depth: of.reduce((most, { depth }) => Math.max(most, depth), 0),
    occurrences: of.reduce((sum, { occurrences }) => sum + occurrences, 0),
    isCyclic: measures === undefined,
  };
}
