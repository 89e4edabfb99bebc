import type { JsonObject } from "@millrace/core";
import { z } from "zod";

/** What a content can turn out to be (A2.3 #5 names the stored paths after them). */
export const CONTENT_TYPES = ["youtube", "web", "markdown", "text", "pdf"] as const;
export type ContentType = (typeof CONTENT_TYPES)[number];

/** A blob key as every store takes it: relative POSIX segments of [A-Za-z0-9._-], none of them a dot or two. */
const blobKey = z
  .string()
  .max(1024)
  .regex(/^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/, "not a blob key");
const title = z.string().trim().min(1).max(500).nullable().default(null);
const tags = z.array(z.string().trim().min(1).max(100)).max(100).default([]);
const json: z.ZodType<JsonObject, JsonObject> = z.record(z.string(), z.json());

/**
 * A-S23: work on what is stored already. With a `file_path` nothing is fetched; a video's metadata is fetched only when
 * `metadata` lacks what a content needs (title, channel_title).
 */
const reprocess = z
  .object({
    force: z.boolean().default(false),
    /** `contents.file_path`; null when the earlier runs never got as far as storing. */
    file_path: blobKey.nullable().default(null),
    /** `contents.content_type`; needed with a file_path. */
    content_type: z.enum(CONTENT_TYPES).nullable().default(null),
    title,
    /** `contents.metadata`. */
    metadata: json.default({}),
  })
  .refine((again) => again.file_path === null || again.content_type !== null, {
    path: ["content_type"],
    message: "content_type is required with a file_path",
  });

/** What a caller may say of a video instead of having it looked up; the same names as the stored metadata. */
const videoMetadata = z.object({
  title: z.string().max(500).nullable().default(null),
  description: z.string().max(5_000).nullable().default(null),
  channel_id: z.string().max(100).nullable().default(null),
  channel_title: z.string().max(500).nullable().default(null),
  published_at: z.string().max(40).nullable().default(null),
  duration_seconds: z.number().nonnegative().nullable().default(null),
  view_count: z.number().int().nonnegative().nullable().default(null),
  tags: z.array(z.string().max(100)).max(100).default([]),
  thumbnail_url: z.string().max(2000).nullable().default(null),
});

const every = { content_id: z.uuid(), title, tags, reprocess: reprocess.optional() };

const uploadInput = z.object({
  ...every,
  source: z.literal("upload"),
  content_type: z.enum(["markdown", "text", "pdf"]),
  blob_key: blobKey,
  file_name: z.string().min(1).max(255),
  bytes: z.number().int().nonnegative(),
});

const urlInput = z.object({ ...every, source: z.literal("url"), url: z.url({ protocol: /^https?$/ }).max(4096) });

const youtubeInput = z.object({
  ...every,
  source: z.literal("youtube"),
  video_id: z.string().regex(/^[0-9A-Za-z_-]{11}$/),
  url: z.url({ protocol: /^https?$/ }).max(4096),
  /** A transcript the caller supplied, stored as a blob. */
  transcript_blob_key: blobKey.nullable().default(null),
  /** How that transcript is written: prose, or a line per segment that starts with [MM:SS]. */
  transcript_format: z.enum(["plain", "timestamped"]).default("plain"),
  language: z.string().min(2).max(20).default("en"),
  metadata: videoMetadata.nullable().default(null),
});

export const contentInput = z.discriminatedUnion("source", [uploadInput, urlInput, youtubeInput]);

/** A content job's input as the stages see it, every default filled in. */
export type ContentInput = z.output<typeof contentInput>;
/** A content job's input as a submitter may write it. */
export type ContentInputDraft = z.input<typeof contentInput>;
