import { JOB_STATUSES } from "@millrace/core";
import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  foreignKey,
  index,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { anyOf, instant } from "./column-kinds.ts";
import { owners } from "./owners.ts";

/** The tiers of a content's quality (A2.4). */
export const QUALITY_TIERS = ["S", "A", "B", "C", "D"] as const;

/**
 * What an owner has put in. `processing_status`, `processed_at`, `pipeline_version` and the result columns follow the
 * newest job by a trigger on `pipeline_jobs`; nothing else writes them.
 */
export const contents = pgTable(
  "contents",
  {
    id: uuid().notNull(),
    ownerId: uuid().notNull(),
    resourceKey: text().notNull(),
    contentType: text().notNull(),
    title: text(),
    sourceUrl: text(),
    filePath: text(),
    fileName: text(),
    fileSize: bigint({ mode: "number" }),
    tags: text().array().notNull().default(sql`'{}'`),
    metadata: jsonb().notNull().default({}),
    unifiedResult: jsonb(),
    qualityTier: text({ enum: QUALITY_TIERS }),
    qualityScore: smallint(),
    summary: text(),
    pipelineTags: text().array().notNull().default(sql`'{}'`),
    processingStatus: text({ enum: JOB_STATUSES }).notNull().default("pending"),
    processedAt: instant(),
    pipelineVersion: text(),
    author: text(),
    /** The completed run whose row in `content_texts` text search looks at. */
    textJobId: uuid(),
    createdAt: instant().notNull().default(sql`now()`),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_contents", columns: [t.id] }),
    foreignKey({ name: "fk_contents_owner_id", columns: [t.ownerId], foreignColumns: [owners.id] }),
    uniqueIndex("uq_contents_owner_id_resource_key").on(t.ownerId, t.resourceKey),
    index("ix_contents_processing_status").on(t.processingStatus),
    // read backwards: newest first
    index("ix_contents_owner_id_created_at_id").on(t.ownerId, t.createdAt, t.id),
    index("ix_contents_owner_id_quality_tier_created_at_id").on(t.ownerId, t.qualityTier, t.createdAt, t.id),
    index("ix_contents_all_tags").using("gin", sql`(${t.tags} || ${t.pipelineTags})`),
    check("ck_contents_processing_status", sql`${t.processingStatus} in ${anyOf(JOB_STATUSES)}`),
    check("ck_contents_quality_tier", sql`${t.qualityTier} in ${anyOf(QUALITY_TIERS)}`),
    check("ck_contents_quality_score", sql`${t.qualityScore} between 1 and 100`),
  ],
);
