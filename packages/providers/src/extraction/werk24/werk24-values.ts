import { z } from "zod";

/** Werk24 writes decimals as text; what JSON has no number for (an infinite radius) is null. */
export const decimal = z
  .union([z.number(), z.string().max(60)])
  .nullish()
  .transform((value) => {
    const number = typeof value === "string" ? Number(value.trim() || "x") : value;
    return typeof number === "number" && Number.isFinite(number) ? number : null;
  });

const text = z.string().max(10_000);
export const word = text.nullish().transform((value) => value ?? null);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

const confidence = z
  .object({ score: decimal })
  .nullish()
  .transform((value) => value?.score ?? null);

/** What every entry of an answer has. */
export const feature = { reference_id: z.number().int().nullish(), label: word, confidence };

const tolerance = z
  .object({
    tolerance_grade: word,
    deviation_lower: decimal,
    deviation_upper: decimal,
    fit: word,
    is_theoretically_exact: flag,
    is_reference: flag,
    is_general_tolerance: flag,
    is_approximation: flag,
  })
  .nullish()
  .transform((found) =>
    found
      ? {
          upper: found.deviation_upper,
          lower: found.deviation_lower,
          fit: found.fit,
          grade: found.tolerance_grade,
          is_theoretically_exact: found.is_theoretically_exact,
          is_reference: found.is_reference,
          is_general: found.is_general_tolerance,
          is_approximate: found.is_approximation,
        }
      : null,
  );

export const quantity = z.object({ value: decimal, unit: word });
export const size = quantity.extend({ size_type: word, tolerance });
export const optionalSize = size.nullish().transform((value) => value ?? null);
export const depth = z
  .object({ depth_type: word, size: optionalSize })
  .nullish()
  .transform((value) => (value ? { kind: lower(value.depth_type), value: value.size?.value ?? null } : null));

export const lower = (name: string | null): string | null => name?.toLowerCase() ?? null;
