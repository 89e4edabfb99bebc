import { sql } from "drizzle-orm";
import {
  check,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { channels } from "./channels.ts";
import { anyOf, instant } from "./column-kinds.ts";
import { owners } from "./owners.ts";
import { pipelineJobs } from "./pipeline-jobs.ts";

/** Exactly these 26, in this order (C-S10). */
export const taskStatus = pgEnum("task_status", [
  "draft",
  "queued",
  "claimed",
  "generating_assets",
  "assets_ready",
  "assets_approved",
  "generating_composites",
  "composites_ready",
  "generating_video",
  "video_ready",
  "video_approved",
  "generating_audio",
  "audio_ready",
  "audio_approved",
  "generating_sfx",
  "sfx_ready",
  "assembling",
  "assembly_ready",
  "final_review",
  "approved",
  "uploading",
  "published",
  "asset_error",
  "video_error",
  "audio_error",
  "upload_error",
]);

export const taskPriority = pgEnum("task_priority", ["high", "normal", "low"]);

export const TASK_STEPS = ["assets", "composites", "video", "audio", "sfx", "assembly", "upload"] as const;
export type TaskStep = (typeof TASK_STEPS)[number];

export const PRIVACIES = ["private", "unlisted", "public"] as const;

/**
 * A video that people plan, review and publish (C-S01). Its status follows its newest job (`job_id`) by a trigger on
 * `pipeline_jobs`: nothing else writes it, the edges of a draft apart.
 */
export const tasks = pgTable(
  "tasks",
  {
    id: uuid().notNull().default(sql`gen_random_uuid()`),
    channelId: uuid().notNull(),
    /** 32 hex digits without dashes (C-Q16); of a task without a page, its own id so written. */
    notionPageId: varchar({ length: 32 }).notNull(),
    title: varchar({ length: 255 }).notNull(),
    topic: varchar({ length: 500 }).notNull(),
    storyDirection: text().notNull(),
    status: taskStatus().notNull().default("draft"),
    priority: taskPriority().notNull().default("normal"),
    /** Only grows (C-Q19). */
    errorLog: text(),
    youtubeUrl: varchar({ length: 255 }),

    ownerId: uuid().notNull(),
    /** The newest job; null before the first, and once it was purged. */
    jobId: uuid(),
    /** How often it was queued. */
    runNo: integer().notNull().default(0),
    /** One text for each clip; null: made from title, topic and direction. */
    narrationScripts: jsonb(),
    sfxDescriptions: jsonb(),
    /** Instead of the channel's. */
    privacy: varchar({ length: 10, enum: PRIVACIES }),
    /** By step: `{completed, approved, output_hash, partial_progress, duration_seconds, error_message}`. */
    stepCompletionMetadata: jsonb().notNull().default({}),
    finalVideoPath: varchar({ length: 1024 }),
    /** Seconds. */
    finalVideoDuration: doublePrecision(),
    totalCostUsd: numeric({ precision: 12, scale: 4 }).notNull().default("0"),
    /** Of the newest run, as are the next three. */
    pipelineStartTime: instant(),
    pipelineEndTime: instant(),
    pipelineDurationSeconds: doublePrecision(),
    pipelineCostUsd: numeric({ precision: 12, scale: 4 }),
    /** Of the newest gate. */
    reviewStartedAt: instant(),
    reviewCompletedAt: instant(),
    /** What went wrong in the newest run, in detail beside four error states (C-Q04). */
    errorStep: varchar({ length: 20, enum: TASK_STEPS }),
    errorCode: text(),
    cancelledAt: instant(),
    cancelReason: text(),
    /** Since when it has its status. */
    statusSince: instant().notNull().default(sql`now()`),
    /** What was last taken from its page, and written to it; null without Notion. */
    notionSeen: jsonb(),
    notionPushedAt: instant(),
    createdAt: instant().notNull().default(sql`now()`),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_tasks", columns: [t.id] }),
    unique("uq_tasks_notion_page_id").on(t.notionPageId),
    foreignKey({ name: "fk_tasks_channel_id", columns: [t.channelId], foreignColumns: [channels.id] }).onDelete(
      "restrict",
    ),
    foreignKey({ name: "fk_tasks_owner_id", columns: [t.ownerId], foreignColumns: [owners.id] }),
    foreignKey({ name: "fk_tasks_job_id", columns: [t.jobId], foreignColumns: [pipelineJobs.id] }).onDelete("set null"),
    // C-S04
    index("ix_tasks_status").on(t.status),
    index("ix_tasks_channel_id").on(t.channelId),
    index("ix_tasks_created_at").on(t.createdAt),
    index("ix_tasks_channel_id_status").on(t.channelId, t.status),
    index("ix_tasks_queued").on(t.priority, t.createdAt).where(sql`${t.status} = 'queued'`),
    index("ix_tasks_owner_id_created_at_id").on(t.ownerId, t.createdAt, t.id),
    index("ix_tasks_job_id").on(t.jobId),
    index("ix_tasks_youtube_url").on(t.youtubeUrl).where(sql`${t.youtubeUrl} like '/library/%'`),
    check("ck_tasks_notion_page_id", sql`${t.notionPageId} ~ '^[0-9a-f]{32}$'`),
    check("ck_tasks_title", sql`${t.title} <> ''`),
    check("ck_tasks_privacy", sql`${t.privacy} in ${anyOf(PRIVACIES)}`),
    check("ck_tasks_error_step", sql`${t.errorStep} in ${anyOf(TASK_STEPS)}`),
  ],
);
