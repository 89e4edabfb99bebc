import { z } from "zod";
import { decimal, depth, feature, lower, optionalSize, quantity, size, word } from "./werk24-values.ts";

/** An answer to FEATURES: lists whose entries are read one by one, so that one odd entry spoils no other. */
export const featuresAnswer = z.looseObject({
  dimensions: z.array(z.unknown()).default([]),
  radii: z.array(z.unknown()).default([]),
  chamfers: z.array(z.unknown()).default([]),
  bores: z.array(z.unknown()).default([]),
  gdnts: z.array(z.unknown()).default([]),
  threads: z.array(z.unknown()).default([]),
  roughnesses: z.array(z.unknown()).default([]),
});

const count = decimal.transform((value) => value ?? 1);
type Size = z.output<typeof size>;

const measured = ({ value, unit, tolerance }: Size) => ({ value, unit, tolerance });

export const dimension = z
  .object({ ...feature, quantity: count, size })
  .transform(({ reference_id: _, size: found, ...rest }) => ({
    kind: lower(found.size_type) ?? "linear",
    ...rest,
    ...measured(found),
  }));

export const radius = z
  .object({ ...feature, quantity: count, curvature_type: word, size })
  .transform(({ reference_id: _, size: found, curvature_type, ...rest }) => ({
    kind: "radius",
    ...rest,
    curvature: lower(curvature_type),
    ...measured(found),
  }));

export const chamfer = z
  .object({ ...feature, quantity: count, size, angle: optionalSize })
  .transform(({ reference_id: _, size: found, angle, ...rest }) => ({
    kind: "chamfer",
    ...rest,
    ...measured(found),
    angle: angle?.value ?? null,
  }));

export const bore = z
  .object({ ...feature, quantity: count, diameter: size, depth })
  .transform(({ reference_id: _, diameter, ...rest }) => ({ kind: "bore", ...rest, ...measured(diameter) }));

/** ISO 1101's symbols as Werk24 writes them. */
const CHARACTERISTICS: Readonly<Record<string, string>> = {
  "∠": "angularity",
  "↗": "circular_runout",
  "○": "circularity",
  "◎": "concentricity",
  "⌭": "cylindricity",
  "[DATUM]": "datum",
  "⏥": "flatness",
  "∥": "parallelism",
  "⟂": "perpendicularity",
  "⌖": "position",
  "⌒": "profile_of_a_line",
  "⌓": "profile_of_a_surface",
  "⏤": "straightness",
  "⌯": "symmetry",
  "⌰": "total_runout",
};
const CONDITIONS: Readonly<Record<string, string>> = { "Ⓜ": "maximum", "Ⓛ": "minimum", "Ⓡ": "reciprocity" };

export const gdt = z
  .object({
    ...feature,
    characteristic: z.string().max(100),
    zone: z.object({ value: optionalSize }).nullish(),
    material_condition: word,
    state: word,
    datums: z.array(z.object({ label: z.string().max(200) })).default([]),
  })
  .transform((found) => ({
    label: found.label,
    confidence: found.confidence,
    type: CHARACTERISTICS[found.characteristic] ?? found.characteristic.toLowerCase(),
    value: found.zone?.value?.value ?? null,
    unit: found.zone?.value?.unit ?? null,
    material_condition: CONDITIONS[found.material_condition ?? ""] ?? lower(found.material_condition),
    is_free_state: found.state === "Ⓕ",
    datums: found.datums.map((datum) => datum.label),
  }));

/** Names of one standard each; at most one of a kind is there. */
const SIZES = ["uts_size", "sm_size", "acme_size", "npt_size", "whitworth_size", "knuckle_size"] as const;
const SERIES = ["uts_series", "acme_series", "npt_series", "knuckle_series"] as const;
const CLASSES = ["uts_tolerance_class", "whitworth_tolerance_class"] as const;

const firstOf = (found: Readonly<Record<string, unknown>>, keys: readonly string[]): string | null => {
  const value = keys.map((key) => found[key]).find((each) => typeof each === "string" || typeof each === "number");
  return value === undefined ? null : String(value).slice(0, 200);
};

const fit = z.object({ fit: word }).nullish();
/** "6H", "6g", or "6H/6g" for a pair, as ISO 965 writes them. */
const fits = (...found: readonly z.output<typeof fit>[]): string | null =>
  found.flatMap((each) => each?.fit ?? []).join("/") || null;

export const thread = z
  .looseObject({
    ...feature,
    thread_type: word,
    quantity: count,
    diameter: size,
    spacing: z.object({ pitch_in_mm: decimal, threads_per_inch: decimal }).nullish(),
    handedness: word,
    depth,
    female_pitch_diameter_tolerance: fit,
    male_pitch_diameter_tolerance: fit,
  })
  .transform((found) => ({
    label: found.label,
    confidence: found.confidence,
    type: lower(found.thread_type),
    quantity: found.quantity,
    ...measured(found.diameter),
    pitch_mm: found.spacing?.pitch_in_mm ?? null,
    threads_per_inch: found.spacing?.threads_per_inch ?? null,
    handedness: lower(found.handedness),
    size: firstOf(found, SIZES),
    series: firstOf(found, SERIES),
    tolerance_class:
      firstOf(found, CLASSES) ?? fits(found.female_pitch_diameter_tolerance, found.male_pitch_diameter_tolerance),
    depth: found.depth,
  }));

/** ISO 1302's signs for the direction of lay. */
const LAYS: Readonly<Record<string, string>> = {
  "=": "parallel",
  "⟂": "perpendicular",
  X: "cross",
  M: "multidirectional",
  C: "circular",
  R: "radial",
  P: "protuberant",
};

export const roughness = z
  .object({
    ...feature,
    standard: word,
    material_removal_type: word,
    applies_all_around: z.boolean().nullish(),
    direction_of_lay: word,
    manufacturing_process: word,
    conditions: z
      .array(
        z.object({
          condition_type: word,
          parameter: word,
          roughness_grade: word,
          value: quantity.nullish(),
        }),
      )
      .default([]),
  })
  .transform((found) => ({
    label: found.label,
    confidence: found.confidence,
    standard: found.standard,
    lay: LAYS[found.direction_of_lay ?? ""] ?? lower(found.direction_of_lay),
    material_removal: lower(found.material_removal_type),
    process: found.manufacturing_process || null,
    is_all_around: found.applies_all_around ?? false,
    conditions: found.conditions.map((condition) => ({
      /** Ra, Rz … */
      parameter: condition.parameter,
      limit: lower(condition.condition_type),
      value: condition.value?.value ?? null,
      unit: condition.value?.unit ?? null,
      grade: condition.roughness_grade,
    })),
  }));
