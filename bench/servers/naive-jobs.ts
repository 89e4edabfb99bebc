import { integer, jsonb, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";

/** The table of the usual way: a row per job, its status updated after each stage. */
export const naiveJobs = pgTable("naive_jobs", {
  id: uuid().primaryKey(),
  resourceKey: text("resource_key").notNull(),
  status: text().notNull(),
  stage: integer().notNull().default(0),
  input: jsonb(),
  result: jsonb(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
});
