import { sql } from "drizzle-orm";
import { bigint, index, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";

/** Who did what, append-only (A2.10). No foreign keys: it outlives what it speaks of. */
export const auditEvents = pgTable(
  "audit_events",
  {
    id: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity({ name: "sq_audit_events_id" }),
    event: text().notNull(),
    actor: text().notNull(),
    ownerId: uuid(),
    jobId: uuid(),
    contentId: uuid(),
    details: jsonb().notNull().default({}),
    at: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_audit_events", columns: [t.id] }),
    index("ix_audit_events_owner_id_id").on(t.ownerId, t.id),
    index("ix_audit_events_at").on(t.at),
  ],
);
