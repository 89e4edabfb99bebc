import { z } from "zod";
import { decimal, lower, optionalSize, quantity, word } from "./werk24-values.ts";

const entry = z.object({ value: z.string().max(10_000) });

/** An answer to META_DATA; `general_roughness` is read like any other roughness. */
export const metaDataAnswer = z.looseObject({
  identifiers: z.array(z.unknown()).default([]),
  designation: z.array(z.unknown()).default([]),
  material_options: z.array(z.unknown()).default([]),
  notes: z.array(z.unknown()).default([]),
  general_roughness: z.unknown(),
  general_tolerances: z
    .object({ tolerance_standard: word, tolerance_class: word, principle: word })
    .nullish()
    .catch(null),
  languages: z.array(z.string().max(100)).catch([]),
  projection_method: z.object({ projection_method: word }).nullish().catch(null),
  unit_systems: z.array(z.object({ unit_system_type: word })).catch([]),
  weight: quantity.nullish().catch(null),
});

export type MetaDataAnswer = z.output<typeof metaDataAnswer>;

export const identifier = entry.extend({ identifier_type: z.string().max(200), stakeholder: word, period: word });
export const designation = entry;
export const note = z.object({ label: word, note_type: word });

export const materialOption = z.object({
  material_combination: z.array(
    z.object({
      raw_ocr: word,
      standard: word,
      designation: word,
      material_category: z.array(word).default([]),
    }),
  ),
});

/** An answer to INSIGHTS, of which the outer sizes are used. */
const bounding = z
  .object({
    enclosing_cuboid: z.object({ width: optionalSize, height: optionalSize, depth: optionalSize }).nullish(),
    enclosing_cylinder: z.object({ diameter: optionalSize, depth: optionalSize }).nullish(),
  })
  .nullish();

export const insightsAnswer = z.looseObject({
  dimensions_after_processing: bounding,
  dimensions_before_processing: bounding,
  volume_estimate: z.object({ value: decimal, unit: word }).nullish().catch(null),
});

type Insights = z.output<typeof insightsAnswer>;

/** Outer sizes of the finished part, else of what it is made from. */
export function overallDimensions(found: Insights) {
  const box = found.dimensions_after_processing ?? found.dimensions_before_processing;
  if (!box?.enclosing_cuboid && !box?.enclosing_cylinder) return null;
  const { enclosing_cuboid: cuboid, enclosing_cylinder: cylinder } = box;
  const first = cuboid?.width ?? cuboid?.height ?? cylinder?.diameter;
  return {
    width: cuboid?.width?.value ?? null,
    height: cuboid?.height?.value ?? null,
    depth: cuboid?.depth?.value ?? cylinder?.depth?.value ?? null,
    diameter: cylinder?.diameter?.value ?? null,
    unit: first?.unit ?? null,
    is_finished: found.dimensions_after_processing !== undefined && found.dimensions_after_processing !== null,
  };
}

type Identifier = z.output<typeof identifier>;

export interface TitleBlockSources {
  readonly answer: MetaDataAnswer;
  readonly identifiers: readonly Identifier[];
  readonly designations: readonly string[];
  readonly materials: readonly string[];
  readonly finish: string | null;
}

/** Werk24 names no revision, date, author, scale or sheet; every identifier without a field of its own is a custom one. */
export function titleBlock({ answer, identifiers, designations, materials, finish }: TitleBlockSources) {
  const current = identifiers.filter((each) => each.period !== "PREVIOUS");
  const first = (...types: readonly string[]): string | null =>
    types.flatMap((type) => current.filter((each) => each.identifier_type === type))[0]?.value ?? null;
  const weight = answer.weight?.value === null || answer.weight === undefined ? null : answer.weight;
  const tolerances = answer.general_tolerances ?? null;
  return {
    drawing_number: first("DRAWING_NUMBER", "DOCUMENT_NUMBER"),
    part_number: first("PART_NUMBER", "ITEM_NUMBER", "IDENTIFICATION_NUMBER"),
    title: designations[0] ?? null,
    revision: null,
    date: null,
    author: null,
    company: first("MANUFACTURER_NAME") ?? first("CUSTOMER_NAME"),
    scale: null,
    sheet: null,
    material: materials.join(" / ") || null,
    finish,
    general_tolerances: tolerances && {
      standard: tolerances.tolerance_standard,
      class: tolerances.tolerance_class,
      principle: lower(tolerances.principle),
    },
    weight,
    units: answer.unit_systems.map((each) => lower(each.unit_system_type)),
    projection: lower(answer.projection_method?.projection_method ?? null),
    languages: answer.languages.map((each) => each.toLowerCase()),
    custom_fields: identifiers.map((each) => ({
      name: each.identifier_type.toLowerCase(),
      value: each.value,
      stakeholder: lower(each.stakeholder),
      period: lower(each.period),
    })),
  };
}
