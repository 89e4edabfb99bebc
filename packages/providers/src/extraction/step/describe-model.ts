import type { Json, JsonObject, StageWarning } from "@millrace/core";
import type { StepOptions } from "../extraction-options.ts";
import type { EntityIndex } from "../part-21/index-entities.ts";
import { type BodyFacts, bodyFacts } from "./body-facts.ts";
import { describeShape, joinShapes, type Shape, shapeOf, shapeOfFacts } from "./describe-part.ts";
import type { AssemblyNode, Layout, PlacedPart } from "./lay-out.ts";
import { measureMesh } from "./measure-mesh.ts";
import { productMaterials } from "./product-materials.ts";
import type { ProductStructure } from "./product-structure.ts";
import { DEFLECTION, type Shapes } from "./read-shapes.ts";

export interface ModelCall {
  readonly index: EntityIndex;
  readonly structure: ProductStructure;
  readonly layout: Layout;
  /** Undefined where they were not asked for, or could not be read. */
  readonly shapes: Shapes | undefined;
  readonly options: StepOptions;
  readonly unit: string;
  readonly signal: AbortSignal;
}

interface ShapedPart extends PlacedPart {
  readonly bodies: readonly Shape[];
  readonly whole: Shape;
}

function shapeParts({ index, layout, shapes, signal }: ModelCall): readonly ShapedPart[] {
  // products are used many times, their bodies' text is read once
  const known = new Map<number, BodyFacts>();
  const factsOf = (body: number): BodyFacts => {
    const facts = known.get(body) ?? bodyFacts(index, body);
    known.set(body, facts);
    return facts;
  };
  return layout.parts.map((part) => {
    signal.throwIfAborted();
    const bodies =
      shapes === undefined
        ? (part.product?.bodies ?? []).map((body) => shapeOfFacts(factsOf(body)))
        : part.meshes.flatMap((position, at): readonly Shape[] => {
            const mesh = shapes.meshes[position];
            if (mesh === undefined) return [];
            const body = part.product?.bodies[at];
            const measures = measureMesh(mesh.attributes.position.array, mesh.index.array);
            return [shapeOf(mesh, measures, body === undefined ? undefined : factsOf(body))];
          });
    return { ...part, bodies, whole: joinShapes(bodies) };
  });
}

const idOf = (position: number): string => `p${position + 1}`;

function describePart(part: ShapedPart, id: string, material: string | null, options: StepOptions): JsonObject {
  const children = part.bodies.length < 2 ? [] : part.bodies;
  return {
    id,
    name: part.name,
    label: part.label,
    product_number: part.product?.number ?? null,
    shape_type: part.whole.kind,
    color: part.whole.color,
    material,
    ...describeShape(part.whole, options),
    children: children.map((body, at) => ({
      id: `${id}.${at + 1}`,
      shape_type: body.kind,
      color: body.color,
      ...describeShape(body, options),
    })),
  };
}

/** At most as deep as the layout was made. */
function describeNode(node: AssemblyNode, options: StepOptions): JsonObject {
  return {
    name: node.name,
    label: node.label,
    product_number: node.product?.number ?? null,
    type: node.children.length > 0 || (node.product?.uses.length ?? 0) > 0 ? "assembly" : "part",
    ...(options.extract_parts ? { part_ids: node.parts.map(idOf) } : {}),
    children: node.children.map((child) => describeNode(child, options)),
  };
}

function describeTotals(call: ModelCall, parts: readonly ShapedPart[]): JsonObject {
  const { structure, index, options, shapes } = call;
  const whole = joinShapes(parts.flatMap((part) => part.bodies));
  const withUses = structure.products.filter((product) => product.uses.length > 0);
  return {
    products: structure.products.length,
    assemblies: withUses.length,
    parts: parts.length,
    // as the file places them, whatever was listed
    part_occurrences: Math.max(structure.occurrences, shapes?.meshes.length ?? 0),
    solids: whole.solids,
    entities: index.count,
    ...describeShape(whole, options),
  };
}

function shapeWarnings({ shapes, options }: ModelCall, parts: readonly ShapedPart[]): readonly StageWarning[] {
  if (shapes === undefined) return [];
  const open = parts.flatMap((part) => part.bodies).filter((body) => body.volume === undefined).length;
  if (open === 0 || !options.calculate_volumes) return [];
  return [{ code: "STEP_OPEN_SHAPES", message: `${open} shapes enclose nothing and have no volume` }];
}

/** The `content` of a STEP extraction. */
export function describeModel(call: ModelCall): {
  readonly content: JsonObject;
  readonly warnings: readonly StageWarning[];
} {
  const { index, layout, options, shapes, unit } = call;
  const parts = shapeParts(call);
  const materials = productMaterials(index);
  const materialOf = (part: PlacedPart): string | null => materials.get(part.product?.id ?? -1) ?? null;
  const measures: Json =
    shapes === undefined
      ? null
      : {
          source: "mesh",
          tolerance: {
            linear_deflection_ratio: DEFLECTION.linearRatio,
            angular_deflection_radians: DEFLECTION.angular,
          },
        };
  const content = {
    length_unit: unit,
    measures,
    ...(options.extract_assembly ? { assembly: layout.roots.map((root) => describeNode(root, options)) } : {}),
    ...(options.extract_parts
      ? { parts: parts.map((part, at) => describePart(part, idOf(at), materialOf(part), options)) }
      : {}),
    totals: describeTotals(call, parts),
  };
  return { content, warnings: shapeWarnings(call, parts) };
}
