import { type JsonObject, URL_CLASSES } from "@millrace/core";
import { z } from "zod";
import { CONTENT_TYPES } from "./input.ts";
import { contentEntity, preDetectedEntity, unifiedResult } from "./unified-result.ts";

/** Bytes that a stage left in the blob store for the next ones. */
const blobRef = z.object({ key: z.string().min(1), bytes: z.number().int().nonnegative() });
export type BlobRef = z.output<typeof blobRef>;

const metadata: z.ZodType<JsonObject> = z.record(z.string(), z.json());
const contentType = z.enum(CONTENT_TYPES);

/** How bytes are written. `transcript` is the JSON of a fetched one, `timestamped` a line per segment that starts with [MM:SS]. */
export const FORMATS = ["markdown", "text", "pdf", "html", "transcript", "timestamped"] as const;
export type Format = (typeof FORMATS)[number];

export const resolveOutput = z.object({
  source: z.enum(["upload", "url", "youtube"]),
  url_class: z.enum(URL_CLASSES).nullable(),
  source_url: z.string().nullable(),
  video_id: z.string().nullable(),
  /** The stored text to read instead of fetching, on a reprocess. */
  stored_path: z.string().nullable(),
});
export type Resolved = z.output<typeof resolveOutput>;

export const fetchOutput = z.object({
  content_type: contentType,
  /** How `raw` is written, which decides the reader. */
  format: z.enum(FORMATS),
  raw: blobRef,
  charset: z.string().nullable(),
  /** The address that answered, after redirects. */
  source_url: z.string().nullable(),
  /** Known beside the bytes: said by the caller, by YouTube, or by an earlier run. */
  title: z.string().nullable(),
  metadata,
});
export type Fetched = z.output<typeof fetchOutput>;

export const convertOutput = z.object({
  title: z.string(),
  text: blobRef,
  /** The same text with [MM:SS] in front of each segment; videos only. */
  timestamped: blobRef.nullable(),
  characters: z.number().int().nonnegative(),
  words: z.number().int().nonnegative(),
  /** Tags that the source itself carries. */
  tags: z.array(z.string()),
  metadata,
});

export const linksOutput = z.object({
  total: z.number().int().nonnegative(),
  stored: z.number().int().nonnegative(),
  links: blobRef.nullable(),
});

export const chunkOutput = z.object({ count: z.number().int().nonnegative(), chunks: blobRef.nullable() });
export type Chunked = z.output<typeof chunkOutput>;

export const storeOutput = z.object({
  file_path: z.string(),
  file_size: z.number().int().nonnegative(),
  metadata_path: z.string(),
  links_path: z.string().nullable(),
  chunks_path: z.string().nullable(),
});

export const contextOutput = z.object({
  tags: z.array(z.object({ name: z.string(), count: z.number() })),
  topics: z.array(z.string()),
  tag_pairs: z.array(z.object({ tags: z.tuple([z.string(), z.string()]), count: z.number() })),
  tiers: z.partialRecord(z.enum(["S", "A", "B", "C", "D"]), z.number()),
  aliases: z.array(z.object({ variant: z.string(), canonical: z.string() })),
});

const usage = z.object({
  inputTokens: z.number(),
  outputTokens: z.number(),
  calls: z.number(),
  costUsd: z.number().nullable(),
});

export const analyseOutput = z.object({
  unified_result: unifiedResult,
  aliases: z.array(z.object({ variant: z.string(), canonical: z.string() })),
  usage: usage.nullable(),
  /** What addresses name, as the analyser was told; absent in outputs of older workers. */
  pre_detected: z.array(preDetectedEntity).default([]),
});

/** The job's result: copied to the contents row in the transaction that completes the job. */
export const contentResult = z.object({
  title: z.string().min(1),
  content_type: contentType,
  source_url: z.string().nullable(),
  file_path: z.string().min(1),
  file_size: z.number().int().nonnegative(),
  /** The caller's first, then the source's own, each once. */
  tags: z.array(z.string()),
  metadata,
  unified_result: unifiedResult,
  aliases: z.array(z.object({ variant: z.string(), canonical: z.string() })),
  /** Written to `entities` and `content_entities` in the same transaction. */
  entities: z.array(contentEntity),
  usage: z
    .object({
      input_tokens: z.number(),
      output_tokens: z.number(),
      calls: z.number(),
      cost_usd: z.number().nullable(),
    })
    .nullable(),
});
export type ContentEntity = z.output<typeof contentEntity>;
export type ContentResult = z.output<typeof contentResult>;
