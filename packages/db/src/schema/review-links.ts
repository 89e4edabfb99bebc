import { sql } from "drizzle-orm";
import { foreignKey, index, pgTable, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";
import { pipelineJobs } from "./pipeline-jobs.ts";

/** Lets one person decide once at one gate without a key. Only a hash of its token is kept. */
export const reviewLinks = pgTable(
  "review_links",
  {
    id: uuid().notNull(),
    jobId: uuid().notNull(),
    gate: text().notNull(),
    /** SHA-256 of the token, hex. */
    tokenHash: text().notNull(),
    reviewer: text().notNull(),
    roles: text().array().notNull().default(sql`'{}'`),
    createdBy: text().notNull(),
    createdAt: instant().notNull().default(sql`now()`),
    expiresAt: instant().notNull(),
    usedAt: instant(),
  },
  (t) => [
    primaryKey({ name: "pk_review_links", columns: [t.id] }),
    foreignKey({ name: "fk_review_links_job_id", columns: [t.jobId], foreignColumns: [pipelineJobs.id] }).onDelete(
      "cascade",
    ),
    uniqueIndex("uq_review_links_token_hash").on(t.tokenHash),
    index("ix_review_links_job_id").on(t.jobId),
  ],
);
