import { sql } from "drizzle-orm";
import { foreignKey, index, integer, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";
import { owners } from "./owners.ts";

/** Spellings that the analysis folded into a tag the owner already had (A2.4), and how often it met them. */
export const tagAliases = pgTable(
  "tag_aliases",
  {
    ownerId: uuid().notNull(),
    variant: text().notNull(),
    canonical: text().notNull(),
    usageCount: integer().notNull().default(1),
    createdAt: instant().notNull().default(sql`now()`),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_tag_aliases", columns: [t.ownerId, t.variant] }),
    foreignKey({ name: "fk_tag_aliases_owner_id", columns: [t.ownerId], foreignColumns: [owners.id] }),
    index("ix_tag_aliases_owner_id_usage_count").on(t.ownerId, t.usageCount),
  ],
);
