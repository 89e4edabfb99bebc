import { JOB_STATUSES, type JobStatus, type Json, type JsonObject } from "@millrace/core";
import { jsonObjectOf } from "./json-object.ts";
import { EXTRACTION_FORMATS } from "./schema/extraction-jobs.ts";
import type { ExtractionRow } from "./statements/extraction-rows.ts";

/** The row's options as an object, whatever an import has stored. */
export const optionsOf = (row: { readonly options: unknown }): JsonObject => jsonObjectOf(row.options);

/** The row's result as an object: `{}` while there is none. */
export const resultOf = (row: { readonly result: unknown }): JsonObject => jsonObjectOf(row.result);

/** Throws a RangeError for what is none of the five (B-S03, B-S11). */
export const statusOf = (text: string): JobStatus => oneOf(JOB_STATUSES, text, "status");

/** Throws a RangeError for what is none of the five (B-S05, B-S24). */
export const formatOf = (text: string): ExtractionRow["format"] => oneOf(EXTRACTION_FORMATS, text, "format");

function oneOf<T extends string>(known: readonly T[], text: string, name: string): T {
  const found = known.find((each) => each === text);
  if (found === undefined) throw new RangeError(`"${text}" is no ${name} of an extraction: ${known.join(", ")}`);
  return found;
}

/**
 * A row under every name it is known by: `results`, `extraction_format`, `user_id` and `celery_task_id` are those of older
 * programs (B-Q03, B-Q04, B-Q07, B-S21, B-S22, B-S26). A name and its alias are one field, so they never differ.
 */
export class ExtractionModel {
  #row: ExtractionRow;

  constructor(row: ExtractionRow) {
    this.#row = row;
  }

  get row(): ExtractionRow {
    return this.#row;
  }
  get id(): string {
    return this.#row.id;
  }
  get status(): JobStatus {
    return this.#row.status;
  }
  set status(text: string) {
    this.#row = { ...this.#row, status: statusOf(text) };
  }
  get format(): ExtractionRow["format"] {
    return this.#row.format;
  }
  set format(text: string) {
    this.#row = { ...this.#row, format: formatOf(text) };
  }
  get extractionFormat(): ExtractionRow["format"] {
    return this.format;
  }
  set extractionFormat(text: string) {
    this.format = text;
  }
  get options(): JsonObject {
    return optionsOf(this.#row);
  }
  set options(value: JsonObject) {
    this.#row = { ...this.#row, options: value };
  }
  get result(): JsonObject {
    return resultOf(this.#row);
  }
  set result(value: Json | null) {
    this.#row = { ...this.#row, result: value };
  }
  get results(): JsonObject {
    return this.result;
  }
  set results(value: Json | null) {
    this.result = value;
  }
  get createdById(): string | null {
    return this.#row.createdById;
  }
  get userId(): string | null {
    return this.createdById;
  }
  get jobId(): string | null {
    return this.#row.jobId;
  }
  get celeryTaskId(): string | null {
    return this.jobId;
  }

  toString(): string {
    return `<ExtractionJob ${this.id} ${this.status}>`;
  }
}
