import { sql } from "drizzle-orm";
import {
  bigint,
  doublePrecision,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";
import { owners } from "./owners.ts";

/** What calls of a language model used (A2.4): spent whatever becomes of the job, so it outlives it. */
export const usageEvents = pgTable(
  "usage_events",
  {
    jobId: uuid().notNull(),
    stage: text().notNull(),
    /** The claim that made the calls: a repeated record of them is not counted twice. */
    fence: integer().notNull(),
    ownerId: uuid().notNull(),
    provider: text().notNull(),
    model: text().notNull(),
    calls: integer().notNull(),
    inputTokens: bigint({ mode: "number" }).notNull(),
    outputTokens: bigint({ mode: "number" }).notNull(),
    /** null where no price is known. */
    costUsd: doublePrecision(),
    at: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_usage_events", columns: [t.jobId, t.stage, t.fence] }),
    foreignKey({ name: "fk_usage_events_owner_id", columns: [t.ownerId], foreignColumns: [owners.id] }),
    index("ix_usage_events_owner_id_at").on(t.ownerId, t.at),
  ],
);
