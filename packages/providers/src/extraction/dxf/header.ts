import type { Json, JsonObject } from "@millrace/core";
import { plainLine } from "./plain-text.ts";
import { plausible } from "./record.ts";
import type { Tags } from "./tags.ts";
import type { ValueText } from "./value-text.ts";

/** The variables anything is made of; the rest of a header are a program's settings. */
const WANTED = new Set(
  (
    "$ACADVER $DWGCODEPAGE $INSUNITS $MEASUREMENT $LUNITS $LIMMIN $LIMMAX $PLIMMIN $PLIMMAX $EXTMIN $EXTMAX $INSBASE " +
    "$TDCREATE $TDUPDATE $TDUCREATE $TDUUPDATE $TITLE $SUBJECT $AUTHOR $KEYWORDS $COMMENTS $LASTSAVEDBY " +
    "$REVISIONNUMBER $PROJECTNAME"
  ).split(" "),
);

/** `$INSUNITS`: what one unit of the drawing is. */
const UNITS = (
  "unitless inch foot mile millimetre centimetre metre kilometre microinch mil yard angstrom nanometre micron " +
  "decimetre decametre hectometre gigametre astronomical_unit light_year parsec us_survey_foot us_survey_inch " +
  "us_survey_yard us_survey_mile"
).split(" ");

const RELEASES: Readonly<Record<string, string>> = {
  AC1006: "R10",
  AC1009: "R12",
  AC1012: "R13",
  AC1014: "R14",
  AC1015: "2000",
  AC1018: "2004",
  AC1021: "2007",
  AC1024: "2010",
  AC1027: "2013",
  AC1032: "2018",
};

const MAX_CUSTOM_PROPERTIES = 200;
const MAX_CHARACTERS = 1_000;
/** Extents of an empty drawing are written as ±1e20. */
const NO_EXTENT = 1e19;
const DAY_MS = 86_400_000;
/** AutoCAD counts days as astronomers do, but begins them at midnight: this one is 1 January 1970. */
const EPOCH_DAY = 2_440_588;

function instantOf(day: number | undefined): string | null {
  if (day === undefined || !(day > 0)) return null;
  const at = new Date(Math.round((day - EPOCH_DAY) * DAY_MS));
  const year = at.getUTCFullYear();
  return year >= 1970 && year < 2200 ? at.toISOString() : null;
}

/** The header section: what the drawing says of itself. */
export class DxfHeader {
  readonly #values = new Map<string, Map<number, string>>();
  readonly #custom: (readonly [string, string])[] = [];
  readonly #text: ValueText;
  #name = "";
  #customName = "";

  constructor(text: ValueText) {
    this.#text = text;
  }

  take(tags: Tags): void {
    if (tags.code === 9) {
      this.#name = tags.name().toUpperCase();
      return;
    }
    if (this.#name.startsWith("$CUSTOMPROPERTY")) this.#takeCustom(tags);
    if (!WANTED.has(this.#name)) return;
    const value = plainLine(tags.raw().slice(0, MAX_CHARACTERS));
    const values = this.#values.get(this.#name) ?? new Map<number, string>();
    this.#values.set(this.#name, values.set(tags.code, value));
    if (this.#name === "$ACADVER") this.#text.useVersion(value);
    if (this.#name === "$DWGCODEPAGE") this.#text.useCodePage(value);
  }

  #takeCustom(tags: Tags): void {
    const value = plainLine(tags.raw().slice(0, MAX_CHARACTERS));
    if (this.#name === "$CUSTOMPROPERTYTAG") this.#customName = value;
    else if (this.#custom.length < MAX_CUSTOM_PROPERTIES) this.#custom.push([this.#customName, value]);
  }

  text(name: string): string | null {
    const [value] = this.#values.get(name)?.values() ?? [];
    return value || null;
  }

  number(name: string, code?: number): number | undefined {
    const values = this.#values.get(name);
    const [first] = values?.values() ?? [];
    const value = code === undefined ? first : values?.get(code);
    return value ? plausible(Number(value)) : undefined;
  }

  #corner(name: string): number[] | null {
    const [x, y, z] = [10, 20, 30].map((code) => this.number(name, code));
    if (x === undefined || y === undefined || Math.abs(x) > NO_EXTENT || Math.abs(y) > NO_EXTENT) return null;
    return z === undefined ? [x, y] : [x, y, z];
  }

  #range(from: string, to: string): Json {
    const [min, max] = [this.#corner(from), this.#corner(to)];
    return min === null || max === null || min.some((value, axis) => value > (max[axis] ?? value))
      ? null
      : { min, max };
  }

  /** Coordinated time where the drawing has it; otherwise the clock of the machine that drew it, without a zone. */
  #moment(universal: string, local: string): string | null {
    return instantOf(this.number(universal)) ?? instantOf(this.number(local))?.replace(/Z$/, "") ?? null;
  }

  describe(): JsonObject {
    const version = this.text("$ACADVER");
    const units = this.number("$INSUNITS");
    const measurement = this.number("$MEASUREMENT");
    return {
      acad_version: version,
      acad_release: RELEASES[version ?? ""] ?? null,
      code_page: this.text("$DWGCODEPAGE"),
      encoding: this.#text.encoding,
      units: units === undefined ? null : (UNITS[units] ?? null),
      insunits: units ?? null,
      measurement: measurement === undefined ? null : measurement === 0 ? "imperial" : "metric",
      limits: this.#range("$LIMMIN", "$LIMMAX"),
      paper_limits: this.#range("$PLIMMIN", "$PLIMMAX"),
      extents: this.#range("$EXTMIN", "$EXTMAX"),
      created_at: this.#moment("$TDUCREATE", "$TDCREATE"),
      modified_at: this.#moment("$TDUUPDATE", "$TDUPDATE"),
      title: this.text("$TITLE"),
      subject: this.text("$SUBJECT"),
      author: this.text("$AUTHOR"),
      keywords: this.text("$KEYWORDS"),
      comments: this.text("$COMMENTS"),
      last_saved_by: this.text("$LASTSAVEDBY"),
      revision_number: this.text("$REVISIONNUMBER"),
      project_name: this.text("$PROJECTNAME"),
      custom_properties: Object.fromEntries(this.#custom),
    };
  }
}
