import type { Json, JsonObject, StageWarning } from "@millrace/core";
import type { z } from "zod";
import type { Werk24Options } from "../extraction-options.ts";
import type { Extraction } from "../extractor.ts";
import type { Conversed, Werk24Answer } from "./converse.ts";
import { bore, chamfer, dimension, featuresAnswer, gdt, radius, roughness, thread } from "./read-features.ts";
import {
  designation,
  identifier,
  insightsAnswer,
  materialOption,
  metaDataAnswer,
  note,
  overallDimensions,
  titleBlock,
} from "./read-title-block.ts";
import { answerInvalid } from "./werk24-error.ts";

/** A thumbnail beyond this is left out of the result. */
const MAX_THUMBNAIL = 512 * 1024;

/** What is gathered from all pages. */
interface Gathered {
  readonly options: Werk24Options;
  readonly lists: Record<
    "dimensions" | "gdt" | "threads" | "surface_finish" | "materials" | "notes" | "thumbnails",
    JsonObject[]
  >;
  titleBlock: JsonObject | null;
  overall: JsonObject | null;
  belowConfidence: number;
  unreadable: Record<string, number>;
  readonly warnings: StageWarning[];
}

/** Werk24's answers as an extraction: entries below the confidence threshold left out, odd ones counted as errors. */
export function toExtraction(conversed: Conversed, options: Werk24Options): Extraction {
  const found: Gathered = {
    options,
    lists: { dimensions: [], gdt: [], threads: [], surface_finish: [], materials: [], notes: [], thumbnails: [] },
    titleBlock: null,
    overall: null,
    belowConfidence: 0,
    unreadable: {},
    warnings: [...conversed.warnings],
  };
  for (const answer of conversed.answers) READERS[answer.ask]?.(answer, found);
  const { lists } = found;
  const content = {
    ...(options.extract_dimensions ? { dimensions: lists.dimensions, overall_dimensions: found.overall } : {}),
    ...(options.extract_gdt ? { gdt: lists.gdt } : {}),
    ...(options.extract_threads ? { threads: lists.threads } : {}),
    ...(options.extract_surface_finish ? { surface_finish: lists.surface_finish } : {}),
    ...(options.extract_materials ? { materials: lists.materials } : {}),
    ...(options.extract_title_block
      ? { title_block: found.titleBlock, notes: lists.notes, thumbnails: lists.thumbnails }
      : {}),
  };
  const counts = Object.fromEntries(
    Object.entries(content).flatMap(([name, list]) => (Array.isArray(list) ? [[name, list.length]] : [])),
  );
  const errors = Object.entries(found.unreadable).map(([name, count]) => ({
    code: "WERK24_ENTRY_UNREADABLE",
    message: `${count} of Werk24's ${name} are of another shape and left out.`,
    details: { list: name, count },
  }));
  return {
    content,
    metadata: {
      request_ids: conversed.requestIds,
      pages: [...new Set(conversed.answers.map((answer) => answer.page))].sort((a, b) => a - b),
      messages: conversed.messages,
      counts,
      confidence_threshold: options.confidence_threshold,
      below_confidence: found.belowConfidence,
      quota_remaining: numberIn(conversed.account, ["quota_remaining", "credits_remaining", "x-ratelimit-remaining"]),
      cost_units: numberIn(conversed.account, ["cost_units", "credits_used", "credits"]),
    },
    errors: [...conversed.errors, ...errors],
    warnings: found.warnings,
  };
}

const READERS: Readonly<Record<string, (answer: Werk24Answer, found: Gathered) => void>> = {
  FEATURES: takeFeatures,
  META_DATA: takeMetaData,
  INSIGHTS(answer, found) {
    const overall = overallDimensions(parse(insightsAnswer, answer));
    if (overall !== null) found.overall ??= { ...overall, page: answer.page };
  },
  SHEET_IMAGES({ page, file }, { lists, warnings }) {
    if (file === undefined) return;
    const { length } = file.bytes;
    if (length > MAX_THUMBNAIL) {
      warnings.push({ code: "THUMBNAIL_LEFT_OUT", message: `The picture of page ${page} has ${length} bytes.` });
      return;
    }
    const data = Buffer.from(file.bytes).toString("base64");
    lists.thumbnails.push({ page, media_type: file.mediaType, bytes: length, base64: data });
  },
};

function takeFeatures(answer: Werk24Answer, found: Gathered): void {
  const read = parse(featuresAnswer, answer);
  const { options, lists } = found;
  const { page } = answer;
  if (answer.payload?.["page_type"] === "MISCELLANEOUS") {
    found.warnings.push({ code: "PAGE_IS_NO_DRAWING", message: `Page ${page} is no drawing of a part.` });
  }
  if (options.extract_dimensions) {
    lists.dimensions.push(...rated(read.dimensions, dimension, { name: "dimensions", page, found }));
    lists.dimensions.push(...rated(read.radii, radius, { name: "radii", page, found }));
    lists.dimensions.push(...rated(read.chamfers, chamfer, { name: "chamfers", page, found }));
    lists.dimensions.push(...rated(read.bores, bore, { name: "bores", page, found }));
  }
  if (options.extract_gdt) lists.gdt.push(...rated(read.gdnts, gdt, { name: "gdnts", page, found }));
  if (options.extract_threads) lists.threads.push(...rated(read.threads, thread, { name: "threads", page, found }));
  if (options.extract_surface_finish) {
    const finishes = rated(read.roughnesses, roughness, { name: "roughnesses", page, found });
    lists.surface_finish.push(...finishes.map((each) => ({ ...each, is_general: false })));
  }
}

function takeMetaData(answer: Werk24Answer, found: Gathered): void {
  const read = parse(metaDataAnswer, answer);
  const { options, lists } = found;
  const { page } = answer;
  const place = (name: string): Place => ({ name, page, found });
  const general = read.general_roughness ? [read.general_roughness] : [];
  if (options.extract_surface_finish) {
    const finishes = rated(general, roughness, place("general_roughness"));
    lists.surface_finish.push(...finishes.map((each) => ({ ...each, is_general: true })));
  }
  const combinations = readable(read.material_options, materialOption, place("material_options"));
  const materials = combinations.flatMap((each, option) =>
    each.material_combination.map((material) => ({
      designation: material.designation,
      standard: material.standard,
      raw_text: material.raw_ocr,
      category: material.material_category.filter((name) => name !== null).map((name) => name.toLowerCase()),
      /** Materials of one option are used together. */
      option: option + 1,
      page,
    })),
  );
  if (options.extract_materials) lists.materials.push(...materials);
  if (!options.extract_title_block) return;
  found.titleBlock ??= titleBlock({
    answer: read,
    identifiers: readable(read.identifiers, identifier, place("identifiers")),
    designations: readable(read.designation, designation, place("designation")).map((each) => each.value),
    materials: [...new Set(materials.flatMap((each) => each.designation ?? []))],
    finish: note.safeParse(read.general_roughness).data?.label ?? null,
  });
  const notes = readable(read.notes, note, place("notes"));
  lists.notes.push(
    ...notes.map(({ label, note_type }) => ({ text: label, kind: note_type?.toLowerCase() ?? null, page })),
  );
}

interface Place {
  readonly name: string;
  readonly page: number;
  readonly found: Gathered;
}

/** The entries that can be read; the others are counted. */
function readable<T>(entries: readonly unknown[], schema: z.ZodType<T>, { name, found }: Place): T[] {
  return entries.flatMap((entry) => {
    const read = schema.safeParse(entry);
    if (read.success) return [read.data];
    found.unreadable[name] = (found.unreadable[name] ?? 0) + 1;
    return [];
  });
}

/** Those of them that Werk24 is sure enough of, or says nothing about. */
function rated<T extends { readonly confidence: number | null } & { readonly [key: string]: Json }>(
  entries: readonly unknown[],
  schema: z.ZodType<T>,
  place: Place,
): JsonObject[] {
  const threshold = place.found.options.confidence_threshold;
  const read = readable(entries, schema, place);
  const sure = read.filter(({ confidence }) => confidence === null || confidence >= threshold);
  place.found.belowConfidence += read.length - sure.length;
  return sure.map((entry) => ({ ...entry, page: place.page }));
}

function parse<T>(schema: z.ZodType<T>, { ask, payload }: Werk24Answer): T {
  const read = schema.safeParse(payload);
  if (!read.success) throw answerInvalid(`its answer to ${ask}`, read.error);
  return read.data;
}

function numberIn(account: Readonly<Record<string, unknown>>, names: readonly string[]): number | null {
  const values = names.map((name) => account[name]).filter((value) => value !== undefined && value !== "");
  const number = Number(values[0] ?? Number.NaN);
  return Number.isFinite(number) ? number : null;
}
