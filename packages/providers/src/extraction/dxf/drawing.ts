import type { JsonObject } from "@millrace/core";
import type { Block } from "./blocks.ts";
import type { Entities } from "./entities.ts";
import type { DxfHeader } from "./header.ts";
import { DxfRecord } from "./record.ts";
import type { Tags } from "./tags.ts";

type Section = "HEADER" | "TABLES" | "BLOCKS" | "ENTITIES" | "OBJECTS" | "OTHER" | "NAME_COMING" | "NONE";
const SECTIONS: ReadonlySet<string> = new Set<Section>(["HEADER", "TABLES", "BLOCKS", "ENTITIES", "OBJECTS"]);

/** What the pairs after the last code 0 belong to. */
type Current = "entity" | "layer" | "block" | "layout" | "nothing";

const MAX_LAYOUTS = 500;

/** Follows a drawing's sections pair by pair; can be left and taken up again between any two pairs. */
export class Drawing {
  /** `0 EOF` was read. */
  isEnded = false;
  sectionsRead = 0;
  readonly layouts: JsonObject[] = [];
  readonly #header: DxfHeader;
  readonly #entities: Entities;
  readonly #record = new DxfRecord();
  #section: Section = "NONE";
  #current: Current = "nothing";
  #block: Block | undefined;
  #layoutName: string | undefined;
  #isInLayoutPart = false;

  constructor(header: DxfHeader, entities: Entities) {
    this.#header = header;
    this.#entities = entities;
  }

  take(tags: Tags): void {
    if (tags.code === 0) {
      this.finish();
      this.#begin(tags.name());
    } else if (this.#section === "ENTITIES" || this.#section === "BLOCKS") this.#takeDrawn(tags);
    else if (this.#section === "HEADER") this.#header.take(tags);
    else if (this.#section === "NAME_COMING") this.#enter(tags);
    else if (this.#current === "layer") this.#record.take(tags);
    else if (this.#current === "layout") this.#takeLayout(tags);
  }

  #takeDrawn(tags: Tags): void {
    if (this.#current === "entity") this.#entities.take(tags);
    else if (this.#current === "block") this.#record.take(tags);
  }

  #enter(tags: Tags): void {
    if (tags.code !== 2) return;
    const name = tags.name().toUpperCase();
    this.#section = SECTIONS.has(name) ? (name as Section) : "OTHER";
  }

  /** A layout names its plot settings first and itself after its own marker. */
  #takeLayout(tags: Tags): void {
    if (tags.code === 100) this.#isInLayoutPart = tags.name() === "AcDbLayout";
    else if (tags.code === 1 && this.#isInLayoutPart) this.#layoutName ??= tags.name();
  }

  #begin(type: string): void {
    this.#current = "nothing";
    if (type === "SECTION") this.#section = "NAME_COMING";
    else if (type === "ENDSEC") this.#leaveSection();
    else if (type === "EOF") {
      this.#leaveSection();
      this.isEnded = true;
    } else if (this.#section === "ENTITIES") this.#beginEntity(type);
    else if (this.#section === "BLOCKS") this.#beginInBlocks(type);
    else if (this.#section === "TABLES" && type === "LAYER") this.#beginRecord("layer", type);
    else if (this.#section === "OBJECTS" && type === "LAYOUT") {
      this.#current = "layout";
      this.#layoutName = undefined;
      this.#isInLayoutPart = false;
    }
  }

  #leaveSection(): void {
    if (this.#section !== "NONE" && this.#section !== "NAME_COMING") this.sectionsRead += 1;
    this.#entities.endParent();
    this.#section = "NONE";
    this.#block = undefined;
  }

  #beginInBlocks(type: string): void {
    if (type === "BLOCK") this.#beginRecord("block", type);
    else if (type === "ENDBLK") {
      this.#entities.endParent();
      this.#block = undefined;
    } else if (this.#block !== undefined) this.#beginEntity(type);
  }

  #beginEntity(type: string): void {
    this.#current = "entity";
    this.#entities.begin(type);
  }

  #beginRecord(current: Current, type: string): void {
    this.#current = current;
    this.#record.begin(type);
  }

  /** What came last is whole. */
  finish(): void {
    const current = this.#current;
    this.#current = "nothing";
    if (current === "entity") this.#entities.finish(this.#section === "BLOCKS" ? this.#block : undefined);
    else if (current === "layer") this.#entities.layers.define(this.#record);
    else if (current === "block") this.#block = this.#entities.blocks.define(this.#record);
    else if (current === "layout" && this.#layoutName && this.layouts.length < MAX_LAYOUTS) {
      this.layouts.push({ name: this.#layoutName, space: /^model$/i.test(this.#layoutName) ? "model" : "paper" });
    }
  }
}
