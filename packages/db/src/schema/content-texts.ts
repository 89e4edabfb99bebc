import { sql } from "drizzle-orm";
import { customType, foreignKey, index, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";
import { contents } from "./contents.ts";

const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });

/**
 * What text search looks through: a row for each run that got as far as persisting. Only the one that
 * `contents.text_job_id` names counts; it is set, and the others are removed, in the statement that ends the job.
 */
export const contentTexts = pgTable(
  "content_texts",
  {
    jobId: uuid().notNull(),
    contentId: uuid().notNull(),
    ownerId: uuid().notNull(),
    /** The beginning of the text, for highlights; `search` knows the same part. */
    body: text().notNull(),
    /** Holds the owner as a word, so that one index answers for one owner. */
    search: tsvector().notNull(),
    createdAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_content_texts", columns: [t.jobId] }),
    foreignKey({
      name: "fk_content_texts_content_id",
      columns: [t.contentId],
      foreignColumns: [contents.id],
    }).onDelete("cascade"),
    index("ix_content_texts_content_id").on(t.contentId),
    index("ix_content_texts_search").using("gin", t.search),
  ],
);
