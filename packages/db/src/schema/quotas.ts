import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  date,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";
import { pipelineJobs } from "./pipeline-jobs.ts";

/** What a service grants in a day, by pool; the pool `*` speaks for every pool of the service without a row of its own. */
export const quotas = pgTable(
  "quotas",
  {
    service: varchar({ length: 50 }).notNull(),
    pool: varchar({ length: 50 }).notNull(),
    /** Units; null: no limit. */
    dailyLimit: bigint({ mode: "number" }),
    /** Where its day begins at midnight (C-Q11, C-Q12). */
    timeZone: text().notNull().default("America/Los_Angeles"),
    /** The service said to come back then; nothing of the pool begins before. */
    pausedUntil: instant(),
    pauseReason: text(),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_quotas", columns: [t.service, t.pool] }),
    check("ck_quotas_daily_limit", sql`${t.dailyLimit} >= 0`),
    check("ck_quotas_pause", sql`${t.pool} <> '*' or ${t.pausedUntil} is null`),
  ],
);

/** What was used of a quota on a day of its time zone. */
export const quotaUsages = pgTable(
  "quota_usages",
  {
    service: varchar({ length: 50 }).notNull(),
    pool: varchar({ length: 50 }).notNull(),
    date: date({ mode: "string" }).notNull(),
    unitsUsed: bigint({ mode: "number" }).notNull().default(0),
    /** Of jobs under way that have not said yet what they used. */
    unitsReserved: bigint({ mode: "number" }).notNull().default(0),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_quota_usages", columns: [t.service, t.pool, t.date] }),
    check("ck_quota_usages_units_used", sql`${t.unitsUsed} >= 0`),
    check("ck_quota_usages_units_reserved", sql`${t.unitsReserved} >= 0`),
  ],
);

/** What a job with a ticket holds of a day; gone when its stage is over, whatever way. */
export const quotaReservations = pgTable(
  "quota_reservations",
  {
    jobId: uuid().notNull(),
    service: varchar({ length: 50 }).notNull(),
    pool: varchar({ length: 50 }).notNull(),
    date: date({ mode: "string" }).notNull(),
    units: integer().notNull(),
    /** The job's fence when it was picked: a greater one means that the stage has begun. */
    fence: integer().notNull(),
    /** What the stage said it used; null: nothing yet. */
    unitsUsed: integer(),
    reservedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_quota_reservations", columns: [t.jobId] }),
    foreignKey({
      name: "fk_quota_reservations_job_id",
      columns: [t.jobId],
      foreignColumns: [pipelineJobs.id],
    }).onDelete("cascade"),
    index("ix_quota_reservations_service_pool").on(t.service, t.pool),
  ],
);

/** How many calls to a provider there may be at a time, over all workers; a provider without a row: no limit (C-Q10). */
export const permitLimits = pgTable(
  "permit_limits",
  {
    provider: varchar({ length: 50 }).notNull(),
    permits: integer().notNull(),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_permit_limits", columns: [t.provider] }),
    check("ck_permit_limits_permits", sql`${t.permits} >= 0`),
  ],
);

/** A call under way. Good as long as its job's claim is: a dead worker's permits are free when its lease is over. */
export const permits = pgTable(
  "permits",
  {
    id: uuid().notNull(),
    provider: varchar({ length: 50 }).notNull(),
    jobId: uuid().notNull(),
    fence: integer().notNull(),
    takenAt: instant().notNull().default(sql`now()`),
  },
  (t) => [primaryKey({ name: "pk_permits", columns: [t.id] }), index("ix_permits_provider").on(t.provider)],
);
