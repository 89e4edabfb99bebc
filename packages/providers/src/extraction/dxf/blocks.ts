import type { JsonObject } from "@millrace/core";
import { tidyPoint } from "./planes.ts";
import type { DxfRecord, Point } from "./record.ts";

const IS_ANONYMOUS = 1;
const IS_EXTERNAL = 4 | 8;
const MAX_ATTRIBUTES = 1_000;

/** The space a block is the content of: layouts are stored as blocks. */
function layoutOf(name: string): "model" | "paper" | undefined {
  if (/^[*$]model_space/i.test(name)) return "model";
  return /^[*$]paper_space/i.test(name) ? "paper" : undefined;
}

export interface AttributeDefinition {
  readonly tag: string;
  readonly prompt: string | null;
  readonly default_value: string | null;
  readonly is_invisible: boolean;
  readonly is_constant: boolean;
  readonly [key: string]: string | boolean | null;
}

export class Block {
  readonly name: string;
  readonly layout: "model" | "paper" | undefined;
  isDefined = false;
  isAnonymous = false;
  externalPath: string | null = null;
  basePoint: Point = [0, 0, 0];
  entityCount = 0;
  /** References in the spaces that count; each cell of an array is one. */
  insertCount = 0;
  /** References in definitions of other blocks. */
  nestedInsertCount = 0;
  /** How often it is drawn when every block is taken apart; null in and behind a circle. */
  instanceCount: number | null = 0;
  /** The blocks inserted in this one's definition and how often. */
  readonly contains = new Map<Block, number>();
  readonly #attributes = new Map<string, AttributeDefinition>();

  constructor(name: string) {
    this.name = name;
    this.layout = layoutOf(name);
  }

  /** Pictures of dimensions: what they say is in the dimension. */
  get isDimensionPicture(): boolean {
    return /^\*D\d/i.test(this.name);
  }

  addAttribute(attribute: AttributeDefinition): void {
    if (this.#attributes.size < MAX_ATTRIBUTES && !this.#attributes.has(attribute.tag)) {
      this.#attributes.set(attribute.tag, attribute);
    }
  }

  attribute(tag: string): AttributeDefinition | undefined {
    return this.#attributes.get(tag);
  }

  get hasAttributes(): boolean {
    return this.#attributes.size > 0;
  }

  /** Those whose value stands here and nowhere else. */
  constantAttributes(): readonly AttributeDefinition[] {
    return [...this.#attributes.values()].filter(({ is_constant }) => is_constant);
  }

  describe(): JsonObject {
    return {
      name: this.name,
      insert_count: this.insertCount,
      nested_insert_count: this.nestedInsertCount,
      instance_count: this.instanceCount,
      base_point: tidyPoint(this.basePoint),
      entity_count: this.entityCount,
      is_defined: this.isDefined,
      is_anonymous: this.isAnonymous,
      external_path: this.externalPath,
      attributes: [...this.#attributes.values()],
    };
  }
}

/** Sums and products of counts stop here, the last whole number that JSON readers agree on. */
const saturated = (count: number): number => Math.min(count, Number.MAX_SAFE_INTEGER);

/** Columns × rows of an INSERT (code 70 and 71). */
function cellsOf(record: DxfRecord): number {
  return saturated(Math.max(1, record.flags(70)) * Math.max(1, record.flags(71)));
}

export class Blocks {
  isCut = false;
  readonly #byKey = new Map<string, Block>();
  readonly #max: number;
  /** Stands for all that are too many. */
  readonly #others = new Block("");

  constructor(max: number) {
    this.#max = max;
  }

  #of(name: string): Block {
    const key = name.toUpperCase();
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.#byKey.size >= this.#max) {
      this.isCut = true;
      return this.#others;
    }
    const block = new Block(name);
    this.#byKey.set(key, block);
    return block;
  }

  define(record: DxfRecord): Block {
    const block = this.#of(record.name(2) ?? "");
    const flags = record.flags(70);
    block.isDefined = true;
    block.isAnonymous = (flags & IS_ANONYMOUS) !== 0;
    block.externalPath = (flags & IS_EXTERNAL) === 0 ? null : (record.name(1) ?? null);
    block.basePoint = record.point(10) ?? [0, 0, 0];
    return block;
  }

  /** Counts one INSERT, drawn in a space or, when `within` is given, in that block's definition. */
  insert(record: DxfRecord, within: Block | undefined): Block {
    const block = this.#of(record.name(2) ?? "");
    const cells = cellsOf(record);
    if (within === undefined) {
      block.insertCount = saturated(block.insertCount + cells);
      return block;
    }
    block.nestedInsertCount = saturated(block.nestedInsertCount + cells);
    within.contains.set(block, saturated((within.contains.get(block) ?? 0) + cells));
    return block;
  }

  /** Works out instance counts from the outermost blocks inwards, without taking any apart; returns those in circles. */
  countInstances(): readonly Block[] {
    const blocks = [...this.#byKey.values()];
    const openContainers = new Map<Block, number>();
    for (const block of blocks) {
      block.instanceCount = block.insertCount;
      for (const part of block.contains.keys()) openContainers.set(part, (openContainers.get(part) ?? 0) + 1);
    }
    const settled = blocks.filter((block) => !openContainers.has(block));
    for (const block of settled) {
      for (const [part, times] of block.contains) {
        part.instanceCount = saturated((part.instanceCount ?? 0) + (block.instanceCount ?? 0) * times);
        const open = openContainers.get(part)! - 1;
        openContainers.set(part, open);
        // `settled` grows while it is walked
        if (open === 0) settled.push(part);
      }
    }
    const unsettled = new Set(blocks.filter((block) => (openContainers.get(block) ?? 0) > 0));
    for (const block of unsettled) block.instanceCount = null;
    return withoutTails(unsettled);
  }

  /** All but the layouts. */
  list(): readonly Block[] {
    return [...this.#byKey.values()].filter((block) => block.layout === undefined);
  }
}

/** Of blocks in circles and behind them, those whose parts lead back into a circle. */
function withoutTails(blocks: Set<Block>): readonly Block[] {
  const containers = new Map<Block, Block[]>();
  const openParts = new Map<Block, number>();
  for (const block of blocks) {
    const parts = [...block.contains.keys()].filter((part) => blocks.has(part));
    openParts.set(block, parts.length);
    for (const part of parts) {
      const known = containers.get(part);
      if (known === undefined) containers.set(part, [block]);
      else known.push(block);
    }
  }
  const ends = [...blocks].filter((block) => openParts.get(block) === 0);
  for (const end of ends) {
    blocks.delete(end);
    for (const container of containers.get(end) ?? []) {
      const open = openParts.get(container)! - 1;
      openParts.set(container, open);
      if (open === 0) ends.push(container);
    }
  }
  return [...blocks];
}
