import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { channels } from "./channels.ts";
import { anyOf, instant } from "./column-kinds.ts";
import { TASK_STEPS, taskStatus, tasks } from "./tasks.ts";

/** Which status may follow which; filled from the task's lifecycle. */
export const taskEdges = pgTable(
  "task_edges",
  { fromStatus: taskStatus().notNull(), toStatus: taskStatus().notNull() },
  (t) => [primaryKey({ name: "pk_task_edges", columns: [t.fromStatus, t.toStatus] })],
);

/** Each time a task was queued (C-Q18). */
export const taskRuns = pgTable(
  "task_runs",
  {
    id: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    taskId: uuid().notNull(),
    runNo: integer().notNull(),
    /** Not a foreign key: runs outlive their jobs. */
    jobId: uuid().notNull(),
    fromStep: varchar({ length: 20, enum: TASK_STEPS }).notNull(),
    queuedBy: text(),
    /** The status in which it ended; null while it runs. */
    outcome: taskStatus(),
    errorStep: varchar({ length: 20, enum: TASK_STEPS }),
    errorCode: text(),
    costUsd: numeric({ precision: 12, scale: 4 }).notNull().default("0"),
    queuedAt: instant().notNull().default(sql`now()`),
    startedAt: instant(),
    finishedAt: instant(),
  },
  (t) => [
    primaryKey({ name: "pk_task_runs", columns: [t.id] }),
    unique("uq_task_runs_task_id_run_no").on(t.taskId, t.runNo),
    unique("uq_task_runs_job_id").on(t.jobId),
    foreignKey({ name: "fk_task_runs_task_id", columns: [t.taskId], foreignColumns: [tasks.id] }).onDelete("cascade"),
  ],
);

/** Every hop of every task; rows are only ever added. */
export const taskTransitions = pgTable(
  "task_transitions",
  {
    id: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    taskId: uuid().notNull(),
    runNo: integer().notNull(),
    /** null: it was made. */
    fromStatus: taskStatus(),
    toStatus: taskStatus().notNull(),
    actor: text().notNull(),
    reason: text(),
    at: instant().notNull().default(sql`clock_timestamp()`),
  },
  (t) => [
    primaryKey({ name: "pk_task_transitions", columns: [t.id] }),
    foreignKey({ name: "fk_task_transitions_task_id", columns: [t.taskId], foreignColumns: [tasks.id] }).onDelete(
      "cascade",
    ),
    index("ix_task_transitions_task_id_id").on(t.taskId, t.id),
    index("ix_task_transitions_at").on(t.at),
  ],
);

/** What went wrong, in fields; `tasks.error_log` has the same in words (C-Q19). */
export const taskErrors = pgTable(
  "task_errors",
  {
    id: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    taskId: uuid().notNull(),
    runNo: integer().notNull(),
    step: varchar({ length: 20, enum: TASK_STEPS }),
    code: text().notNull(),
    message: text().notNull(),
    attempt: integer().notNull(),
    /** It is tried again by itself, at `next_retry_at`. */
    isTransient: boolean().notNull(),
    nextRetryAt: instant(),
    at: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_task_errors", columns: [t.id] }),
    foreignKey({ name: "fk_task_errors_task_id", columns: [t.taskId], foreignColumns: [tasks.id] }).onDelete("cascade"),
    index("ix_task_errors_task_id_id").on(t.taskId, t.id),
    index("ix_task_errors_at").on(t.at),
  ],
);

/** What a step has made, one image, clip or file each. */
export const taskUnits = pgTable(
  "task_units",
  {
    taskId: uuid().notNull(),
    step: varchar({ length: 20, enum: TASK_STEPS }).notNull(),
    /** Its file's name in the step's folder without the ending, such as `characters/01` or `07`. */
    unit: varchar({ length: 100 }).notNull(),
    /** Made for the how manieth time; a rejected one is made anew with the next number. */
    take: integer().notNull().default(1),
    /** SHA-256, hex, of everything it was made from: it is made again when that has changed. */
    inputHash: varchar({ length: 64 }).notNull(),
    blobKey: varchar({ length: 1024 }).notNull(),
    mediaType: varchar({ length: 100 }).notNull(),
    /** Of its bytes. */
    sha256: varchar({ length: 64 }).notNull(),
    bytes: bigint({ mode: "number" }).notNull(),
    /** Of clips and sounds. */
    seconds: numeric({ precision: 10, scale: 3, mode: "number" }),
    isRejected: boolean().notNull().default(false),
    madeAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_task_units", columns: [t.taskId, t.step, t.unit] }),
    foreignKey({ name: "fk_task_units_task_id", columns: [t.taskId], foreignColumns: [tasks.id] }).onDelete("cascade"),
    check("ck_task_units_step", sql`${t.step} in ${anyOf(TASK_STEPS)}`),
    check("ck_task_units_bytes", sql`${t.bytes} >= 0`),
  ],
);

/** What a provider was asked for and has not delivered yet. Secret where it is an upload's address. */
export const taskOrders = pgTable(
  "task_orders",
  {
    taskId: uuid().notNull(),
    step: varchar({ length: 20, enum: TASK_STEPS }).notNull(),
    unit: varchar({ length: 100 }).notNull(),
    /** Of what it was ordered for; another one's order is of no use. */
    inputHash: varchar({ length: 64 }).notNull(),
    state: text().notNull(),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_task_orders", columns: [t.taskId, t.step, t.unit] }),
    foreignKey({ name: "fk_task_orders_task_id", columns: [t.taskId], foreignColumns: [tasks.id] }).onDelete("cascade"),
  ],
);

/** What each call to a provider cost (C2.8). */
export const taskCosts = pgTable(
  "task_costs",
  {
    id: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    taskId: uuid().notNull(),
    channelId: uuid().notNull(),
    runNo: integer().notNull(),
    /** Such as `gemini_assets`, `kie_video`. */
    component: varchar({ length: 50 }).notNull(),
    step: varchar({ length: 20, enum: TASK_STEPS }).notNull(),
    unit: varchar({ length: 100 }),
    provider: varchar({ length: 50 }).notNull(),
    /** null: the price is not known. */
    costUsd: numeric({ precision: 10, scale: 4, mode: "number" }),
    apiCalls: integer().notNull(),
    units: numeric({ precision: 14, scale: 4, mode: "number" }).notNull(),
    metadata: jsonb().notNull().default({}),
    at: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_task_costs", columns: [t.id] }),
    foreignKey({ name: "fk_task_costs_task_id", columns: [t.taskId], foreignColumns: [tasks.id] }).onDelete("restrict"),
    foreignKey({ name: "fk_task_costs_channel_id", columns: [t.channelId], foreignColumns: [channels.id] }).onDelete(
      "restrict",
    ),
    index("ix_task_costs_task_id").on(t.taskId),
    index("ix_task_costs_channel_id_at").on(t.channelId, t.at),
    check("ck_task_costs_cost_usd", sql`${t.costUsd} >= 0`),
  ],
);
