import type {
  DxfOptions,
  IfcOptions,
  OptionsByFormat,
  PdfOptions,
  StepOptions,
  Werk24Options,
} from "@millrace/providers";
import { z } from "zod";

const on = z.boolean().default(true);
const off = z.boolean().default(false);

const pdf = z.strictObject({
  extract_tables: on,
  extract_text: on,
  extract_dimensions: off,
  extract_title_block: off,
  use_ocr: off,
  /** One or more of Tesseract's names, joined by `+`. */
  ocr_language: z
    .string()
    .regex(/^[a-z]{3}(_[a-z]+)?(\+[a-z]{3}(_[a-z]+)?){0,9}$/, "not a language such as eng or eng+deu")
    .default("eng"),
  /** 1-based. */
  pages: z.array(z.number().int().min(1).max(100_000)).min(1).max(10_000).nullable().default(null),
  table_detection_strategy: z.enum(["lines", "text", "stream"]).default("lines"),
}) satisfies z.ZodType<PdfOptions>;

const dxf = z.strictObject({
  extract_layers: on,
  extract_blocks: on,
  extract_dimensions: on,
  extract_text: on,
  extract_title_block: on,
  extract_geometry: off,
  include_model_space: on,
  include_paper_space: on,
  layer_filter: z.array(z.string().min(1).max(255)).min(1).max(1_000).nullable().default(null),
}) satisfies z.ZodType<DxfOptions>;

const ifc = z.strictObject({
  extract_properties: on,
  extract_quantities: on,
  extract_materials: on,
  extract_spatial_structure: on,
  extract_geometry: off,
  element_types: z
    .array(z.string().regex(/^ifc[a-z0-9]{1,60}$/i, "not a class such as IfcWall"))
    .min(1)
    .max(200)
    .nullable()
    .default(null),
}) satisfies z.ZodType<IfcOptions>;

const step = z.strictObject({
  extract_assembly: on,
  extract_parts: on,
  calculate_volumes: on,
  calculate_areas: on,
  calculate_centroids: off,
  count_shapes: on,
}) satisfies z.ZodType<StepOptions>;

const werk24 = z.strictObject({
  extract_dimensions: on,
  extract_gdt: on,
  extract_threads: on,
  extract_surface_finish: on,
  extract_materials: on,
  extract_title_block: on,
  confidence_threshold: z.number().min(0).max(1).default(0.7),
}) satisfies z.ZodType<Werk24Options>;

/** What may be asked of each format (B2.3). What is not listed is refused. */
export const extractionOptions = { pdf, dxf, ifc, step, werk24 } as const satisfies {
  readonly [Format in keyof OptionsByFormat]: z.ZodType<OptionsByFormat[Format]>;
};
