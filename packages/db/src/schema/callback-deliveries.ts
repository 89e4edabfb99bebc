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
    /** `pipeline_job.completed`, `.failed` or `.cancelled`. */
    event: text().notNull(),
    status: text({ enum: DELIVERY_STATUSES }).notNull().default("pending"),
    attempts: smallint().notNull().default(0),
    nextAttemptAt: instant().default(sql`now()`),
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
    index("ix_callback_deliveries_next_attempt_at").on(t.nextAttemptAt).where(sql`${t.status} = 'pending'`),
    index("ix_callback_deliveries_endpoint_id").on(t.endpointId),
    check("ck_callback_deliveries_status", sql`${t.status} in ${anyOf(DELIVERY_STATUSES)}`),
    check("ck_callback_deliveries_delivered_at", sql`(${t.deliveredAt} is not null) = (${t.status} = 'delivered')`),
  ],
);
