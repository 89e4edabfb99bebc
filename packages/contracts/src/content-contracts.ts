import { DATA_TIERS, JOB_STATUSES, PRIORITIES } from "@millrace/core";
import { z } from "zod";
import { callbackUrl } from "./callback-contracts.ts";
import { jobStatus } from "./job-contracts.ts";
import { cursor, flag, instant, jsonObject, nullableInstant, pageLimit, repeated, tag, title } from "./parts.ts";

/** What can be uploaded. */
export const UPLOAD_TYPES = ["markdown", "text", "pdf"] as const;
export type UploadType = (typeof UPLOAD_TYPES)[number];

/** What a content can turn out to be. */
export const CONTENT_TYPES = ["youtube", "web", ...UPLOAD_TYPES] as const;
const contentType = z.enum(CONTENT_TYPES).meta({ id: "ContentType" });

const MAX_TAGS = 100;
const QUALITY_TIERS = ["S", "A", "B", "C", "D"] as const;
/** Left out of lists unless asked for (A2.6). */
const HIDDEN_TAGS = ["test"];

const dataTier = z.enum(DATA_TIERS).optional().meta({
  description: "`full` also keeps prompt, raw answer and stage details, for 60 days. `compact` unless said.",
});

/** Said beside the file, in the query or as form fields; a field wins over the query. */
export const uploadFields = z
  .strictObject({
    content_type: z.enum(UPLOAD_TYPES).optional(),
    title: title.optional(),
    tags: repeated(tag, MAX_TAGS),
    priority: z.enum(PRIORITIES).optional(),
    data_tier: dataTier,
    callback_url: callbackUrl.optional(),
  })
  .meta({ id: "UploadFields" });

export const uploadAccepted = z
  .object({
    job_id: z.uuid(),
    content_id: z.uuid(),
    content_type: z.enum(UPLOAD_TYPES),
    status: z.enum(["submitted", "already_active"]),
    deduplicated: z.boolean(),
    file_path: z.string(),
    file_size: z.int(),
  })
  .meta({ id: "UploadAccepted" });

/** What a caller already knows of the source. The named fields of a video are used instead of looking them up. */
const sourceMetadata = z
  .object({
    title: z.string().max(500).nullish(),
    description: z.string().max(5_000).nullish(),
    channel_id: z.string().max(100).nullish(),
    channel_title: z.string().max(500).nullish(),
    published_at: z.string().max(40).nullish(),
    duration_seconds: z.number().nonnegative().nullish(),
    view_count: z.int().nonnegative().nullish(),
    tags: z.array(z.string().max(100)).max(100).optional(),
    thumbnail_url: z.string().max(2000).nullish(),
  })
  .catchall(z.unknown())
  .meta({ id: "SourceMetadata" });

const everyIngest = {
  url: z.string().trim().min(1).max(4096),
  transcript_text: z.string().regex(/\S/, "must not be blank").optional(),
  transcript_format: z.enum(["plain", "timestamped"]).default("plain"),
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$/, "must be a language tag such as en or pt-BR")
    .optional(),
  metadata: sourceMetadata.optional(),
  title: title.optional(),
  tags: z.array(tag).max(MAX_TAGS).default([]),
  priority: z.enum(PRIORITIES).optional(),
  data_tier: dataTier,
  callback_url: callbackUrl.optional(),
};

export const youtubeIngest = z.strictObject(everyIngest).meta({ id: "YoutubeIngest" });
export const urlIngest = z.strictObject(everyIngest).meta({ id: "UrlIngest" });
export type IngestRequest = z.output<typeof urlIngest>;

export const ingestQuery = z.strictObject({ force: flag, tags: repeated(tag, MAX_TAGS) });

const ingestAnswer = {
  content_id: z.uuid(),
  content_type: contentType,
  title: z.string().nullable(),
  deduplicated: z.boolean(),
};

export const ingestAccepted = z
  .object({ job_id: z.uuid(), ...ingestAnswer, status: z.enum(["submitted", "already_active"]) })
  .meta({ id: "IngestAccepted" });

/** The content is there already and nothing was started (A-Q06). */
export const ingestCompleted = z
  .object({ job_id: z.null(), ...ingestAnswer, status: z.literal("already_completed") })
  .meta({ id: "IngestCompleted" });

export const reprocessQuery = z.strictObject({ force: flag, data_tier: dataTier });

export const reprocessAccepted = z
  .object({ job_id: z.uuid(), content_id: z.uuid(), status: z.literal("submitted") })
  .meta({ id: "ReprocessAccepted" });

export const reprocessUnneeded = z
  .object({
    job_id: z.uuid().nullable(),
    content_id: z.uuid(),
    status: z.enum(["already_active", "already_completed"]),
  })
  .meta({ id: "ReprocessUnneeded" });

/** Of a text search: where it hit. */
const contentMatch = z
  .object({
    rank: z.number(),
    title: z.string().meta({ description: "The title as HTML text, matches in <mark>." }),
    snippet: z.string().meta({ description: "Pieces of the text around the matches, likewise." }),
  })
  .meta({ id: "ContentMatch" });

const contentSummary = z
  .object({
    content_id: z.uuid(),
    content_type: contentType,
    title: z.string().nullable(),
    source_url: z.string().nullable(),
    processing_status: jobStatus,
    processed_at: nullableInstant,
    pipeline_version: z.string().nullable(),
    tags: z.array(z.string()),
    quality_tier: z.string().nullable(),
    quality_score: z.number().nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: "ContentSummary" });

const namedItems = z.array(jsonObject);

export const contentDetail = z
  .object({
    ...contentSummary.shape,
    resource_key: z.string(),
    file_path: z.string().nullable(),
    file_name: z.string().nullable(),
    file_size: z.int().nullable(),
    summary: z.string().nullable(),
    pipeline_tags: z.array(z.string()),
    topics: namedItems,
    entities: namedItems,
    metadata: jsonObject,
  })
  .meta({ id: "Content" });

const found = z.object({ ...contentSummary.shape, match: contentMatch.optional() }).meta({ id: "FoundContent" });

export const contentListQuery = z.strictObject({
  q: z.string().trim().min(1).max(500).optional().meta({
    description: 'Words to find; a "phrase", `or` and -exclusion work. With it the best match comes first.',
  }),
  tags: repeated(tag, MAX_TAGS),
  exclude_tags: z
    .preprocess((value) => value ?? HIDDEN_TAGS, repeated(tag, MAX_TAGS))
    .meta({ description: "Contents with one of these are left out; `test` unless said, or asked for in `tags`." }),
  content_type: z.enum(CONTENT_TYPES).optional(),
  tier: z.enum(QUALITY_TIERS).optional(),
  entity: z.uuid().optional().meta({ description: "Contents that speak of this entity." }),
  status: z.enum(JOB_STATUSES).optional(),
  limit: pageLimit,
  cursor,
});

export const contentPage = z
  .object({ contents: z.array(found), next_cursor: z.string().nullable() })
  .meta({ id: "ContentPage" });

const entityType = z.enum(["topic", "repo", "paper", "tool", "person"]);

export const entityDetail = z
  .object({
    entity_id: z.uuid(),
    entity_type: entityType,
    name: z.string(),
    hierarchy: z.array(z.string()).meta({ description: "Of a topic, from general to special; else empty." }),
    content_count: z.int().meta({ description: "GET /content?entity= lists them." }),
    created_at: instant,
  })
  .meta({ id: "Entity" });

export const contentEntities = z
  .object({
    entities: z.array(
      z.object({
        ...entityDetail.shape,
        edge_type: z.enum(["discusses", "mentions", "cites", "uses", "demonstrates"]),
        confidence: z.number().min(0).max(1),
        source: z.enum(["ai_extracted", "url_detected", "user_created", "api_fetched"]),
      }),
    ),
  })
  .meta({ id: "ContentEntities" });

export const relatedQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(50).default(10) });

export const relatedContents = z
  .object({
    contents: z.array(
      z.object({
        ...contentSummary.shape,
        score: z.number().meta({ description: "Higher is nearer; a rare entity in common counts for more." }),
        shared_entities: z.array(z.object({ entity_id: z.uuid(), entity_type: entityType, name: z.string() })),
      }),
    ),
  })
  .meta({ id: "RelatedContents" });

export const tagListQuery = z.strictObject({
  prefix: z.string().max(100).default(""),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});

export const tagList = z
  .object({
    tags: z.array(
      z.object({
        tag: z.string(),
        count: z.int(),
        aliases: z.array(z.string()).meta({ description: "Spellings that were taken for this tag." }),
      }),
    ),
  })
  .meta({ id: "TagList" });
