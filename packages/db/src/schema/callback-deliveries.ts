import { sql } from "drizzle-orm";
import {
  check,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { callbackEndpoints } from "./callback-endpoints.ts";
import { anyOf, instant } from "./column-kinds.ts";
import { pipelineJobs } from "./pipeline-jobs.ts";

export const DELIVERY_STATUSES = ["pending", "delivered", "exhausted"] as const;

/** The message about a terminal job, born in the statement that ended it; the job row is never touched by delivery. */
export const callbackDeliveries = pgTable(
  "callback_deliveries",
  {
    id: uuid().notNull().default(sql`gen_random_uuid()`),
    jobId: uuid().notNull(),
    endpointId: uuid().notNull(),
    /** The job's own address, where it named one and the endpoint allows it. */
    url: text(),
    /** `pipeline_job.completed`, `.failed` or `.cancelled`. */
    event: text().notNull(),
    status: text({ enum: DELIVERY_STATUSES }).notNull().default("pending"),
    attempts: smallint().notNull().default(0),
    /** Due from then on; while an attempt is under way, the end of its lease. */
    nextAttemptAt: instant().default(sql`now()`),
    /** Set while an attempt is under way, or was when its pump died. */
    leaseUntil: instant(),
    /** Number of the newest take: a record that names an older one is refused. */
    fence: integer().notNull().default(0),
    /** Times the current attempt ended without a record. */
    interruptions: smallint().notNull().default(0),
    lastStatusCode: integer(),
    lastError: text(),
    createdAt: instant().notNull().default(sql`now()`),
    deliveredAt: instant(),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_callback_deliveries", columns: [t.id] }),
    foreignKey({
      name: "fk_callback_deliveries_job_id",
      columns: [t.jobId],
      foreignColumns: [pipelineJobs.id],
    }).onDelete("cascade"),
    foreignKey({
      name: "fk_callback_deliveries_endpoint_id",
      columns: [t.endpointId],
      foreignColumns: [callbackEndpoints.id],
    }),
    uniqueIndex("uq_callback_deliveries_job_id_event").on(t.jobId, t.event),
    index("ix_callback_deliveries_pending").on(t.endpointId, t.nextAttemptAt).where(sql`${t.status} = 'pending'`),
    index("ix_callback_deliveries_exhausted").on(t.endpointId, t.createdAt).where(sql`${t.status} = 'exhausted'`),
    index("ix_callback_deliveries_endpoint_id_created_at_id").on(t.endpointId, t.createdAt, t.id),
    check("ck_callback_deliveries_status", sql`${t.status} in ${anyOf(DELIVERY_STATUSES)}`),
    check("ck_callback_deliveries_next_attempt_at", sql`(${t.nextAttemptAt} is not null) = (${t.status} = 'pending')`),
    check("ck_callback_deliveries_lease_until", sql`${t.leaseUntil} is null or ${t.status} = 'pending'`),
    check("ck_callback_deliveries_delivered_at", sql`(${t.deliveredAt} is not null) = (${t.status} = 'delivered')`),
  ],
);
