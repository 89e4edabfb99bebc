import type { JsonObject } from "@millrace/core";
import type { DxfRecord } from "./record.ts";

const IS_FROZEN = 1;
const IS_LOCKED = 4;

export interface Layer {
  readonly name: string;
  entityCount: number;
  properties: JsonObject;
}

/** What a layer has that the drawing uses but never describes; AutoCAD makes it with the same properties. */
const UNDESCRIBED: JsonObject = {
  color: 7,
  true_color: null,
  linetype: "CONTINUOUS",
  lineweight: null,
  is_on: true,
  is_frozen: false,
  is_locked: false,
  is_plotted: true,
  is_defined: false,
};

/** Line weights are stored in hundredths of a millimetre; negative ones mean "the default". */
function lineweightOf(record: DxfRecord): number | null {
  const weight = record.number(370);
  return weight === undefined || weight < 0 ? null : weight / 100;
}

function propertiesOf(record: DxfRecord): JsonObject {
  const color = record.number(62) ?? 7;
  const trueColor = record.number(420);
  const flags = record.flags(70);
  return {
    color: Math.abs(color),
    true_color: trueColor === undefined ? null : `#${(trueColor & 0xffffff).toString(16).padStart(6, "0")}`,
    linetype: record.name(6) ?? "CONTINUOUS",
    lineweight: lineweightOf(record),
    is_on: color >= 0,
    is_frozen: (flags & IS_FROZEN) !== 0,
    is_locked: (flags & IS_LOCKED) !== 0,
    is_plotted: record.number(290) !== 0,
    is_defined: true,
  };
}

/** Layers by name, in any case; those that do not count are undefined. */
export class Layers {
  isCut = false;
  readonly #byKey = new Map<string, Layer>();
  /** By the name as written, so that the common case costs one look-up. */
  readonly #byName = new Map<string, Layer | undefined>();
  readonly #filter: ReadonlySet<string> | undefined;
  readonly #max: number;

  constructor(filter: readonly string[] | null, max: number) {
    this.#filter = filter === null ? undefined : new Set(filter.map((name) => name.trim().toUpperCase()));
    this.#max = max;
  }

  define(record: DxfRecord): void {
    const layer = this.of(record.name(2));
    if (layer?.properties === UNDESCRIBED) layer.properties = propertiesOf(record);
  }

  /** The layer of an entity; without a name it is layer 0. */
  of(name = "0"): Layer | undefined {
    const known = this.#byName.get(name);
    if (known !== undefined || this.#byName.has(name)) return known;
    const layer = this.#find(name);
    if (this.#byName.size < this.#max) this.#byName.set(name, layer);
    return layer;
  }

  #find(name: string): Layer | undefined {
    const key = name.toUpperCase();
    if (this.#filter !== undefined && !this.#filter.has(key)) return undefined;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const layer: Layer = { name, entityCount: 0, properties: UNDESCRIBED };
    if (this.#byKey.size < this.#max) this.#byKey.set(key, layer);
    else this.isCut = true;
    return layer;
  }

  /** Names asked for that the drawing does not have. */
  missing(): readonly string[] {
    return [...(this.#filter ?? [])].filter((key) => !this.#byKey.has(key));
  }

  get size(): number {
    return this.#byKey.size;
  }

  describe(): JsonObject[] {
    return [...this.#byKey.values()].map(({ name, properties, entityCount }) => ({
      name,
      ...properties,
      entity_count: entityCount,
    }));
  }
}
