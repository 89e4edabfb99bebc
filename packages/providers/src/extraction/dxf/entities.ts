import type { JsonObject, StageWarning } from "@millrace/core";
import type { DxfOptions } from "../extraction-options.ts";
import { type Block, Blocks } from "./blocks.ts";
import { type DimensionKind, describeDimension, dimensionKindOf } from "./dimensions.ts";
import { Geometry } from "./geometry.ts";
import { Layers } from "./layers.ts";
import { plainLine, plainParagraphs } from "./plain-text.ts";
import { tidy, tidyPoint, toWorld } from "./planes.ts";
import { DxfRecord, MAX_TEXT_CHARACTERS, type Point } from "./record.ts";
import type { Tags } from "./tags.ts";
import { describeText } from "./texts.ts";
import { type AttributeValue, readTitleBlock, type TitleBlock } from "./title-block.ts";

/** Where an entity is drawn: on one of the sheets, or in a block's definition. */
export type Place = { readonly space: "model" | "paper" } | { readonly space: "block"; readonly block: Block };

const DIMENSIONS = new Set(["DIMENSION", "ARC_DIMENSION", "LARGE_RADIAL_DIMENSION"]);
/** Parts of the INSERT or POLYLINE before them, no entities of their own. */
const PARTS = new Set(["ATTRIB", "VERTEX", "SEQEND"]);
const IN_PAPER_SPACE = 67;
const IS_INVISIBLE = 1;
const IS_CONSTANT = 2;
/** Names of kinds of entities are few; a file that invents more has the rest counted together. */
const MAX_TYPES = 500;
const MAX_ATTRIBUTES = 1_000;

/** An INSERT or POLYLINE whose parts are still coming. */
interface OpenParent {
  readonly type: "INSERT" | "POLYLINE";
  readonly space: "model" | "paper";
  readonly layer: string;
  readonly extrusion: Point | undefined;
  readonly block: Block | undefined;
  readonly fields: JsonObject;
  readonly attributes: AttributeValue[];
}

interface InBlock {
  readonly block: Block;
  readonly fields: JsonObject;
}

/** A list of what was found on the sheets, and what was found in blocks' definitions, which counts if they are used. */
class Findings {
  readonly onSheets: JsonObject[] = [];
  readonly inBlocks: InBlock[] = [];

  add(fields: JsonObject, place: Place, layer: string): void {
    const whole = { ...fields, layer, space: place.space };
    if (place.space === "block") {
      this.inBlocks.push({ block: place.block, fields: { ...whole, block: place.block.name } });
    } else this.onSheets.push({ ...whole, block: null });
  }

  list(max: number): JsonObject[] {
    const used = this.inBlocks.filter(({ block }) => block.instanceCount !== 0).map(({ fields }) => fields);
    return [...this.onSheets, ...used].slice(0, max);
  }
}

/** Everything that is drawn, one entity at a time. */
export class Entities {
  readonly layers: Layers;
  readonly blocks: Blocks;
  readonly geometry = new Geometry();
  readonly counts = { model: 0, paper: 0, block: 0 };
  /** INSERT entities on the sheets, an array being one. */
  insertCount = 0;
  readonly #options: DxfOptions;
  readonly #max: number;
  readonly #record = new DxfRecord();
  readonly #types = new Map<string, number>();
  readonly #dimensionKinds = new Map<DimensionKind, number>();
  readonly #texts = new Findings();
  readonly #dimensions = new Findings();
  readonly #references: JsonObject[] = [];
  #parent: OpenParent | undefined;
  #titleBlock: TitleBlock | undefined;
  #hasCutText = false;
  #hasCutAttributes = false;
  #attributeCount = 0;

  constructor(options: DxfOptions, maxElements: number) {
    this.#options = options;
    this.#max = maxElements;
    this.layers = new Layers(options.layer_filter, maxElements);
    this.blocks = new Blocks(maxElements);
  }

  begin(type: string): void {
    if (!PARTS.has(type)) this.endParent();
    this.#record.begin(type);
    if (this.#options.extract_geometry) this.geometry.begin(type);
  }

  take(tags: Tags): void {
    this.#record.take(tags);
    if (this.#options.extract_geometry) this.geometry.take(tags);
  }

  /** The entity has come whole. */
  finish(sheetOrBlock: Block | undefined): void {
    const record = this.#record;
    if (record.isCut) this.#hasCutText = true;
    if (PARTS.has(record.type)) this.#finishPart();
    else {
      const place = this.#placeOf(sheetOrBlock);
      if (this.#isWanted(place)) this.#finishEntity(place);
    }
  }

  #placeOf(block: Block | undefined): Place {
    if (block !== undefined && block.layout === undefined) return { space: "block", block };
    return { space: block?.layout ?? (this.#record.number(IN_PAPER_SPACE) === 1 ? "paper" : "model") };
  }

  #isWanted({ space }: Place): boolean {
    if (space === "model") return this.#options.include_model_space;
    return space === "paper" ? this.#options.include_paper_space : true;
  }

  #finishEntity(place: Place): void {
    const record = this.#record;
    const layer = this.layers.of(record.name(8));
    // what a block consists of is told whatever the filter: it is drawn on the layers of its inserts as well
    if (place.space === "block") place.block.entityCount += 1;
    if (record.type === "ATTDEF" && place.space === "block") this.#defineAttribute(place.block);
    const isNested = place.space === "block" && record.type === "INSERT";
    if (isNested) this.blocks.insert(record, place.block);
    if (layer === undefined) return;
    this.counts[place.space] += 1;
    if (place.space !== "block") {
      layer.entityCount += 1;
      this.#countType(record.type);
      this.#finishOnSheet(place.space, layer.name);
    }
    if (this.counts[place.space === "block" ? "block" : place.space] <= this.#max) this.#look(place, layer.name);
  }

  #countType(type: string): void {
    const key = this.#types.has(type) || this.#types.size < MAX_TYPES ? type : "OTHER";
    this.#types.set(key, (this.#types.get(key) ?? 0) + 1);
  }

  /** Texts and dimensions, on sheets and in blocks alike. */
  #look(place: Place, layer: string): void {
    const record = this.#record;
    if (place.space === "block" && place.block.isDimensionPicture) return;
    if (record.type === "TEXT" || record.type === "MTEXT") {
      const found = this.#options.extract_text ? describeText(record) : undefined;
      if (found !== undefined) this.#texts.add(found.fields, place, layer);
    } else if (DIMENSIONS.has(record.type)) {
      const kind = dimensionKindOf(record);
      if (kind === undefined) return;
      if (place.space !== "block") this.#dimensionKinds.set(kind, (this.#dimensionKinds.get(kind) ?? 0) + 1);
      if (this.#options.extract_dimensions) this.#dimensions.add(describeDimension(record, kind), place, layer);
    }
  }

  #finishOnSheet(space: "model" | "paper", layer: string): void {
    const record = this.#record;
    if (this.#options.extract_geometry) {
      if (record.type === "POLYLINE") this.geometry.beginPolyline(record);
      else this.geometry.add(record, space);
    }
    if (record.type !== "INSERT" && record.type !== "POLYLINE") return;
    const isInsert = record.type === "INSERT";
    if (isInsert) this.insertCount += 1;
    this.#parent = {
      type: isInsert ? "INSERT" : "POLYLINE",
      space,
      layer,
      extrusion: record.extrusion(),
      block: isInsert ? this.blocks.insert(record, undefined) : undefined,
      fields: isInsert ? referenceFields(record) : {},
      attributes: [],
    };
  }

  #finishPart(): void {
    const record = this.#record;
    if (record.type === "SEQEND") this.endParent();
    else if (record.type === "VERTEX" && this.#parent?.type === "POLYLINE") {
      if (this.#options.extract_geometry) this.geometry.addVertex(record);
    } else if (record.type === "ATTRIB" && this.#parent?.type === "INSERT") this.#addAttribute(this.#parent);
  }

  #defineAttribute(block: Block): void {
    const record = this.#record;
    const flags = record.flags(70);
    block.addAttribute({
      tag: record.name(2) ?? "",
      prompt: record.name(3) ?? null,
      default_value: attributeText(record) || null,
      is_invisible: (flags & IS_INVISIBLE) !== 0,
      is_constant: (flags & IS_CONSTANT) !== 0,
    });
  }

  #addAttribute({ attributes, block }: OpenParent): void {
    if (attributes.length >= MAX_ATTRIBUTES) return;
    const tag = this.#record.name(2) ?? "";
    attributes.push({ tag, value: attributeText(this.#record), prompt: block?.attribute(tag)?.prompt ?? null });
  }

  /** No more parts come: the INSERT or POLYLINE before is whole. */
  endParent(): void {
    const parent = this.#parent;
    this.#parent = undefined;
    if (parent === undefined) return;
    if (parent.type === "POLYLINE") {
      if (this.#options.extract_geometry) this.geometry.endPolyline(parent.extrusion, parent.space);
    } else if (parent.block !== undefined) this.#endInsert(parent, parent.block);
  }

  #endInsert(parent: OpenParent, block: Block): void {
    const { attributes, fields, space, layer } = parent;
    const hasRoom = this.#attributeCount < this.#max;
    if (hasRoom) {
      const filled = new Set(attributes.map(({ tag }) => tag));
      for (const { tag, default_value, prompt } of block.constantAttributes()) {
        if (!filled.has(tag)) attributes.push({ tag, value: default_value ?? "", prompt });
      }
    } else if (attributes.length > 0 || block.hasAttributes) this.#hasCutAttributes = true;
    if (attributes.length === 0) return;
    if (this.#options.extract_title_block) {
      const found = readTitleBlock(block.name, attributes);
      if (found !== undefined && found.score > (this.#titleBlock?.score ?? 0)) this.#titleBlock = found;
    }
    if (!this.#options.extract_blocks) return;
    if (!hasRoom) return;
    this.#attributeCount += attributes.length;
    const values = attributes.map(({ tag, value }) => ({ tag, value }));
    this.#references.push({ block: block.name, ...fields, layer, space, attributes: values });
  }

  get sheetEntities(): number {
    return this.counts.model + this.counts.paper;
  }

  describe(): JsonObject {
    const { extract_layers, extract_blocks, extract_dimensions, extract_text, extract_title_block, extract_geometry } =
      this.#options;
    const texts = this.#texts.list(this.#max);
    const dimensions = this.#dimensions.list(this.#max);
    const blocks = this.blocks.list();
    return {
      totals: {
        entities: this.sheetEntities,
        model_space_entities: this.counts.model,
        paper_space_entities: this.counts.paper,
        layers: this.layers.size,
        blocks: blocks.length,
        inserts: this.insertCount,
        dimensions: dimensions.length,
        texts: texts.length,
      },
      ...(extract_layers ? { layers: this.layers.describe() } : {}),
      ...(extract_blocks
        ? { blocks: blocks.map((block) => block.describe()), block_references: this.#references }
        : {}),
      ...(extract_dimensions ? { dimensions, dimension_counts: Object.fromEntries(this.#dimensionKinds) } : {}),
      ...(extract_text ? { text: texts } : {}),
      ...(extract_title_block ? { title_block: this.#titleBlock?.fields ?? null } : {}),
      ...(extract_geometry ? { geometry: this.geometry.describe(this.#types) } : {}),
    };
  }

  warnings(): readonly StageWarning[] {
    const warnings: StageWarning[] = [];
    const most = Math.max(this.counts.model, this.counts.paper, this.counts.block);
    if (most > this.#max) {
      const message = `the drawing has ${most} entities; texts, dimensions and attributes were taken from the first ${this.#max}`;
      warnings.push({ code: "ELEMENTS_CUT", message, details: { entities: most, max_elements: this.#max } });
    }
    if (this.#hasCutAttributes) {
      const message = `the drawing has more than ${this.#max} attribute values: the rest is not listed`;
      warnings.push({ code: "ATTRIBUTES_CUT", message });
    }
    if (this.layers.isCut || this.blocks.isCut) {
      const message = `more than ${this.#max} layers or blocks: the rest is not listed`;
      warnings.push({ code: "NAMES_CUT", message });
    }
    if (this.#hasCutText) {
      warnings.push({ code: "TEXT_CUT", message: `texts longer than ${MAX_TEXT_CHARACTERS} characters were cut` });
    }
    const missing = this.layers.missing();
    if (missing.length > 0) {
      const details = { layers: missing.slice(0, 50) };
      warnings.push({ code: "LAYER_NOT_FOUND", message: "layers of layer_filter are not in the drawing", details });
    }
    return warnings;
  }
}

function attributeText(record: DxfRecord): string {
  const text = record.raw(1) ?? "";
  return text.includes("\\P") ? plainParagraphs(text) : plainLine(text);
}

function referenceFields(record: DxfRecord): JsonObject {
  const at = record.point(10);
  return {
    position: at === undefined ? null : tidyPoint(toWorld(at, record.extrusion())),
    scale: [record.number(41) ?? 1, record.number(42) ?? 1, record.number(43) ?? 1],
    rotation: tidy(record.number(50) ?? 0),
    columns: Math.max(1, record.flags(70)),
    rows: Math.max(1, record.flags(71)),
  };
}
