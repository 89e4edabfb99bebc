import { z } from "zod";
import { extractionOptions } from "./options.ts";

/** A blob key as every store takes it, whose first segment is its owner's id. */
const OWN_BLOB = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\/[A-Za-z0-9._-]+)+$/;

/** Whether a file is fetched from the web; every other `file_url` is a blob key. */
export const isWebAddress = (fileUrl: string): boolean => /^https?:\/\//i.test(fileUrl);

/** `http(s)` or the key of a stored file; whose it is only the job knows. */
export const fileUrl = z
  .string()
  .min(1)
  .max(2_048)
  .refine((value) => (isWebAddress(value) ? URL.canParse(value) : OWN_BLOB.test(value)), {
    message: "neither an http(s) address nor the key of a stored file",
  });

const id = z.uuid().nullable().default(null);
const name = z.string().min(1).max(255).nullable().default(null);

const every = {
  /** Whose earlier tries this continues (a manual retry); null starts an extraction of the job's own id. */
  extraction_id: id,
  filename: z.string().trim().min(1).max(512),
  file_url: fileUrl,
  /** Bytes; 0 while nobody has looked. */
  file_size: z.number().int().min(0).default(0),
  /** Of the bytes, where they are known: two uploads of one file are one piece of work. */
  content_sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "not a SHA-256 in lower-case hex")
    .nullable()
    .default(null),
  record_id: id,
  field_id: name,
  attachment_id: name,
  cloud_file_id: z.int32().nullable().default(null),
  bulk_id: id,
  /** Place in the batch, from 0. */
  bulk_index: z.number().int().min(0).nullable().default(null),
};

/** One file to be extracted (B-S02, B-S05, B-S06, B-S20). The options are those of its format. */
export const extractionInput = z.discriminatedUnion("format", [
  z.strictObject({ ...every, format: z.literal("pdf"), options: extractionOptions.pdf.prefault({}) }),
  z.strictObject({ ...every, format: z.literal("dxf"), options: extractionOptions.dxf.prefault({}) }),
  z.strictObject({ ...every, format: z.literal("ifc"), options: extractionOptions.ifc.prefault({}) }),
  z.strictObject({ ...every, format: z.literal("step"), options: extractionOptions.step.prefault({}) }),
  z.strictObject({ ...every, format: z.literal("werk24"), options: extractionOptions.werk24.prefault({}) }),
]);

/** An extraction's input as the stages see it, every default filled in. */
export type ExtractionInput = z.output<typeof extractionInput>;
/** An extraction's input as a submitter may write it. */
export type ExtractionInputDraft = z.input<typeof extractionInput>;
