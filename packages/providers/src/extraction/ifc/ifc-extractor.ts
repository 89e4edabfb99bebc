import { type JsonObject, MillraceError, type StageWarning } from "@millrace/core";
import { MAX_WASM_BYTES } from "../capped-memory.ts";
import type { IfcOptions } from "../extraction-options.ts";
import type { Extraction, ExtractionCall, Extractor } from "../extractor.ts";
import { describeHeader } from "../part-21/describe-header.ts";
import { type EntityIndex, indexEntities } from "../part-21/index-entities.ts";
import { openPart21, type Part21Header } from "../part-21/open-part-21.ts";
import { textOf } from "../part-21/parameters.ts";
import { describeElements } from "./describe-elements.ts";
import { classOfKeyword, ELEMENT_KEYWORDS, filterClasses, SPATIAL_KEYWORDS } from "./element-classes.ts";
import { type Box, readBounds } from "./read-bounds.ts";
import { RELATION_KEYWORDS, readRelations } from "./relations.ts";
import { readSpatialTree } from "./spatial-tree.ts";
import { readUnits } from "./units.ts";

/** Levels of the spatial tree that are written out. */
const MAX_DEPTH = 64;
/** Values of properties and materials, of all elements together: some 100 MB of JSON. */
const MAX_VALUES = 2_000_000;

export interface IfcExtractorOptions {
  /** What the shapes' reader may allocate for one file. */
  readonly maxMemoryBytes?: number;
}

function open(bytes: Uint8Array): { readonly header: Part21Header; readonly index: EntityIndex } {
  const file = openPart21(bytes);
  if (!file.header.schemas.some((schema) => /^IFC/i.test(schema))) {
    throw new MillraceError("UNSUPPORTED_FORMAT", `the file's schema is ${file.header.schemas[0]}, not IFC`);
  }
  const keywords = [...ELEMENT_KEYWORDS, ...SPATIAL_KEYWORDS, ...RELATION_KEYWORDS, "IFCAPPLICATION"];
  const index = indexEntities(file, [...new Set(keywords)]);
  if (index.count === 0) throw new MillraceError("CONTENT_EMPTY", "the IFC file holds nothing after its header");
  return { header: file.header, index };
}

function describeFile(header: Part21Header, index: EntityIndex): JsonObject {
  const application = index.read(index.of("IFCAPPLICATION")[0] ?? -1)?.parameters ?? [];
  return {
    ...describeHeader(header),
    application: textOf(application[2]),
    application_version: textOf(application[1]),
    units: readUnits(index),
    entity_count: index.count,
  };
}

interface Chosen {
  readonly elements: readonly number[];
  readonly counts: JsonObject;
  readonly total: number;
}

/** Elements of the classes asked for, in the file's order, as many as may be. */
function chooseElements(
  index: EntityIndex,
  { options, limits }: ExtractionCall<IfcOptions>,
  warnings: StageWarning[],
): Chosen {
  const { keywords, unknown } = filterClasses(options.element_types);
  if (unknown.length > 0) {
    const message = `no classes that are extracted: ${unknown.slice(0, 20).join(", ")}`;
    warnings.push({ code: "IFC_CLASSES_UNKNOWN", message });
  }
  const found = keywords.map((keyword) => [keyword, index.of(keyword)] as const).filter(([, ids]) => ids.length > 0);
  const all = found.flatMap(([, ids]) => ids).sort((a, b) => a - b);
  if (all.length > limits.maxElements) {
    const message = `only the first ${limits.maxElements} of ${all.length} elements are listed`;
    warnings.push({ code: "IFC_ELEMENTS_CUT", message });
  }
  return {
    elements: all.slice(0, limits.maxElements),
    counts: Object.fromEntries(found.map(([keyword, ids]) => [classOfKeyword(keyword), ids.length])),
    total: all.length,
  };
}

async function extract(call: ExtractionCall<IfcOptions>, maxMemoryBytes: number): Promise<Extraction> {
  const { bytes, options, limits, signal, progress } = call;
  signal.throwIfAborted();
  const warnings: StageWarning[] = [];
  const { header, index } = open(bytes);
  progress(0.2);
  signal.throwIfAborted();
  const relations = readRelations(index);
  const { elements: chosen, counts, total } = chooseElements(index, call, warnings);
  progress(0.3);
  let boxes: ReadonlyMap<number, Box> | undefined;
  if (options.extract_geometry) {
    const onProgress = (share: number): void => progress(0.3 + share * 0.4);
    boxes = await readBounds({ bytes, elements: chosen, maxMemoryBytes, signal, progress: onProgress });
    if (boxes === undefined) {
      const message = `shapes cannot be read in the schema ${header.schemas[0]}`;
      warnings.push({ code: "IFC_SHAPES_UNREADABLE", message });
    }
  }
  const describedFrom = options.extract_geometry ? 0.7 : 0.3;
  const { elements, types, withoutValues } = describeElements({
    index,
    relations,
    options,
    elements: chosen,
    boxes,
    maxValues: MAX_VALUES,
    signal,
    progress: (share) => progress(describedFrom + share * (0.95 - describedFrom)),
  });
  if (withoutValues > 0) {
    const message = `${withoutValues} elements are listed without properties: the file has more than ${MAX_VALUES}`;
    warnings.push({ code: "IFC_PROPERTIES_CUT", message });
  }
  const tree = readSpatialTree(index, relations, { maxNodes: limits.maxElements, maxDepth: MAX_DEPTH });
  if (options.extract_spatial_structure && tree.isCut) {
    const message = `places past ${limits.maxElements}, past ${MAX_DEPTH} levels, or inside themselves are left out`;
    warnings.push({ code: "IFC_STRUCTURE_CUT", message });
  }
  progress(1);
  const content = {
    ...(options.extract_spatial_structure ? { spatial_structure: tree.roots } : {}),
    elements,
    element_counts: counts,
    element_total: total,
    types,
  };
  return { content, metadata: describeFile(header, index), errors: [], warnings };
}

/**
 * Reads IFC (2x3, 4, 4.3) as a STEP physical file: elements, properties and structure come from the text, boxes around
 * shapes from web-ifc in WebAssembly, which is loaded only for them. Values and lengths are in the file's units.
 */
export function createIfcExtractor({
  maxMemoryBytes = MAX_WASM_BYTES,
}: IfcExtractorOptions = {}): Extractor<IfcOptions> {
  return { extract: (call) => extract(call, maxMemoryBytes) };
}
