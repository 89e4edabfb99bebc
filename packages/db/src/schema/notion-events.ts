import { sql } from "drizzle-orm";
import { bigint, index, jsonb, pgTable, primaryKey, text, unique, varchar } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";

/** What Notion has said, each event once. */
export const notionEvents = pgTable(
  "notion_events",
  {
    id: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    /** Notion's own. */
    eventId: varchar({ length: 100 }).notNull(),
    /** Such as `page.properties_updated`. */
    type: varchar({ length: 100 }).notNull(),
    pageId: varchar({ length: 32 }),
    payload: jsonb().notNull(),
    receivedAt: instant().notNull().default(sql`now()`),
    /** null: not looked at yet. */
    handledAt: instant(),
    error: text(),
  },
  (t) => [
    primaryKey({ name: "pk_notion_events", columns: [t.id] }),
    unique("uq_notion_events_event_id").on(t.eventId),
    index("ix_notion_events_waiting").on(t.id).where(sql`${t.handledAt} is null`),
  ],
);
