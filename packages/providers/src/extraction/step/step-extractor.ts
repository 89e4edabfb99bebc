import { MillraceError, type StageWarning } from "@millrace/core";
import { MAX_WASM_BYTES } from "../capped-memory.ts";
import type { StepOptions } from "../extraction-options.ts";
import type { Extraction, ExtractionCall, Extractor } from "../extractor.ts";
import { describeHeader } from "../part-21/describe-header.ts";
import { type EntityIndex, indexEntities } from "../part-21/index-entities.ts";
import { openPart21, type Part21Header } from "../part-21/open-part-21.ts";
import { describeModel } from "./describe-model.ts";
import { type Layout, type LayoutLimits, layOutProducts, layOutShapes } from "./lay-out.ts";
import { lengthUnits } from "./length-units.ts";
import { MATERIAL_KEYWORDS } from "./product-materials.ts";
import { type ProductStructure, readProductStructure, STRUCTURE_KEYWORDS } from "./product-structure.ts";
import { LINEAR_UNITS, type LinearUnit, readShapes, type Shapes } from "./read-shapes.ts";

/** Levels of the tree that are written out. */
const MAX_DEPTH = 64;
/** Levels the shapes' reader is given: it calls itself for each and dies of some thousands. */
const MAX_SHAPES_DEPTH = 256;
/** Placed shapes the reader is given, as a multiple of the parts that may be listed: each one is a mesh of its own. */
const MAX_SHAPES_FACTOR = 2;

export interface StepExtractorOptions {
  /** What the shapes' reader may allocate for one file. */
  readonly maxMemoryBytes?: number;
}

interface Findings {
  readonly errors: StageWarning[];
  readonly warnings: StageWarning[];
}

/** The file's unit where it has one and the shapes' reader knows it. */
function unitOf(units: readonly string[], { warnings }: Findings): LinearUnit {
  const known = units.length === 1 ? LINEAR_UNITS.find((name) => name === units[0]) : undefined;
  if (known !== undefined) return known;
  if (units.length > 0) {
    const message = `lengths in ${units.join(", ")} were converted to millimeters`;
    warnings.push({ code: "STEP_UNITS_CONVERTED", message });
  }
  return "millimeter";
}

function wantsShapes(options: StepOptions): boolean {
  return options.extract_parts || options.calculate_volumes || options.calculate_areas || options.calculate_centroids;
}

/** Why the shapes of an assembly cannot be read, where that can be known before it kills the reader. */
function tooMuchForShapes({ depth, occurrences }: ProductStructure, maxParts: number): string | undefined {
  if (depth > MAX_SHAPES_DEPTH) return `the assembly is ${depth} levels deep`;
  const most = maxParts * MAX_SHAPES_FACTOR;
  return occurrences > most ? `the assembly places more than ${most} shapes` : undefined;
}

function layOut(
  structure: ProductStructure,
  shapes: Shapes | undefined,
  limits: LayoutLimits,
  { warnings }: Findings,
): Layout {
  const layout = layOutProducts(structure, shapes, limits);
  if (layout !== undefined) return layout;
  if (structure.roots.length > 0) {
    const message = "the file's products and its shapes do not match one by one; the tree follows the shapes";
    warnings.push({ code: "STEP_STRUCTURE_FROM_SHAPES", message });
  }
  return shapes === undefined ? { roots: [], parts: [], isCut: false } : layOutShapes(shapes, limits);
}

function open(bytes: Uint8Array): { readonly header: Part21Header; readonly index: EntityIndex } {
  const file = openPart21(bytes);
  if (file.header.schemas.some((schema) => /^IFC/i.test(schema))) {
    throw new MillraceError("UNSUPPORTED_FORMAT", `the file is IFC (${file.header.schemas[0]}), not STEP`);
  }
  const index = indexEntities(file, [...STRUCTURE_KEYWORDS, ...MATERIAL_KEYWORDS]);
  if (index.count === 0) throw new MillraceError("CONTENT_EMPTY", "the STEP file holds nothing after its header");
  return { header: file.header, index };
}

/** Undefined where they were not asked for, are too many, or the file has none. */
async function shapesOf(
  structure: ProductStructure,
  { bytes, options, limits }: ExtractionCall<StepOptions>,
  { unit, maxMemoryBytes, found }: { unit: LinearUnit; maxMemoryBytes: number; found: Findings },
): Promise<Shapes | undefined> {
  const tooMuch = tooMuchForShapes(structure, limits.maxParts);
  if (tooMuch !== undefined) {
    found.warnings.push({ code: "STEP_SHAPES_SKIPPED", message: `${tooMuch}; its shapes were not read` });
    return undefined;
  }
  if (!wantsShapes(options)) return undefined;
  const shapes = await readShapes({ bytes, unit, maxMemoryBytes });
  if (shapes.meshes.length > 0) return shapes;
  const bodies = structure.products.reduce((sum, product) => sum + product.bodies.length, 0);
  if (bodies === 0) {
    const message = "the file has no shapes of its own; its parts may lie in other files";
    found.warnings.push({ code: "STEP_NO_SHAPES", message });
  } else {
    found.errors.push({ code: "STEP_SHAPES_UNREADABLE", message: `none of the file's ${bodies} shapes can be read` });
  }
  return undefined;
}

async function extract(call: ExtractionCall<StepOptions>, maxMemoryBytes: number): Promise<Extraction> {
  const { bytes, options, limits, signal, progress } = call;
  signal.throwIfAborted();
  const found: Findings = { errors: [], warnings: [] };
  const { header, index } = open(bytes);
  progress(0.05);
  const structure = readProductStructure(index);
  if (structure.isCyclic) throw new MillraceError("CONTENT_DAMAGED", "a product of the assembly contains itself");
  const units = lengthUnits(index);
  const unit = unitOf(units, found);
  progress(0.1);
  signal.throwIfAborted();
  const shapes = await shapesOf(structure, call, { unit, maxMemoryBytes, found });
  progress(0.8);
  signal.throwIfAborted();
  const layout = layOut(structure, shapes, { maxParts: limits.maxParts, maxDepth: MAX_DEPTH }, found);
  if (layout.isCut) {
    const message = `the assembly has more than ${limits.maxParts} parts or ${MAX_DEPTH} levels; the rest is left out`;
    found.warnings.push({ code: "STEP_PARTS_CUT", message });
  }
  const model = describeModel({ index, structure, layout, shapes, options, unit, signal });
  progress(1);
  return {
    content: model.content,
    metadata: {
      ...describeHeader(header),
      units: { length: units.length === 1 ? (units[0] ?? null) : null },
      entity_count: index.count,
    },
    errors: found.errors,
    warnings: [...found.warnings, ...model.warnings],
  };
}

/**
 * Reads STEP (ISO 10303-21 with AP203, AP214, AP242): products and assembly from the text, shapes from Open CASCADE in
 * WebAssembly. Volume, area and centroid are those of the triangulated shape. Lengths are in `content.length_unit`: the
 * file's own where it has one and the reader knows it, else millimeters.
 */
export function createStepExtractor({
  maxMemoryBytes = MAX_WASM_BYTES,
}: StepExtractorOptions = {}): Extractor<StepOptions> {
  return { extract: (call) => extract(call, maxMemoryBytes) };
}
