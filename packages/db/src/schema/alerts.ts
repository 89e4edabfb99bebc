import { sql } from "drizzle-orm";
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text, unique, varchar } from "drizzle-orm/pg-core";
import { anyOf, instant } from "./column-kinds.ts";

export const ALERT_SEVERITIES = ["info", "warning", "critical"] as const;

/** What somebody should know, whether or not it was sent (C2.8). */
export const alerts = pgTable(
  "alerts",
  {
    id: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    /** What happened, such as `task_failed:17`: it is told once, however often it is seen. */
    fact: varchar({ length: 300 }).notNull(),
    /** Such as `task_failed`, `quota_80`. */
    kind: varchar({ length: 50 }).notNull(),
    /** What it is about, such as a channel or a quota; alerts of one kind and subject are sent now and then only. */
    subject: varchar({ length: 200 }).notNull(),
    severity: text({ enum: ALERT_SEVERITIES }).notNull(),
    message: text().notNull(),
    details: jsonb().notNull().default({}),
    at: instant().notNull().default(sql`now()`),
    /** Those of one kind and subject are sent this far apart at least; what comes between is counted in the next. */
    everyMs: integer().notNull(),
    /** null: nothing is to be sent any more. */
    nextTryAt: instant(),
    tries: integer().notNull().default(0),
    /** null: not sent. */
    sentAt: instant(),
    /** Why it was not, when it was not. */
    error: text(),
  },
  (t) => [
    primaryKey({ name: "pk_alerts", columns: [t.id] }),
    unique("uq_alerts_fact").on(t.fact),
    index("ix_alerts_kind_subject_at").on(t.kind, t.subject, t.at),
    index("ix_alerts_at").on(t.at),
    index("ix_alerts_next_try_at").on(t.nextTryAt).where(sql`${t.nextTryAt} is not null`),
    check("ck_alerts_severity", sql`${t.severity} in ${anyOf(ALERT_SEVERITIES)}`),
  ],
);
