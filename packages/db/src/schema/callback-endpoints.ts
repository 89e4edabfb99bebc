import { sql } from "drizzle-orm";
import { boolean, foreignKey, index, pgTable, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";
import { owners } from "./owners.ts";

/** Where an owner wants to hear of terminal jobs; at most one enabled at a time. */
export const callbackEndpoints = pgTable(
  "callback_endpoints",
  {
    id: uuid().notNull(),
    ownerId: uuid().notNull(),
    url: text().notNull(),
    /** Signing key; it cannot be a hash, every delivery is signed with it. */
    secret: text().notNull(),
    isEnabled: boolean().notNull().default(true),
    createdAt: instant().notNull().default(sql`now()`),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_callback_endpoints", columns: [t.id] }),
    foreignKey({ name: "fk_callback_endpoints_owner_id", columns: [t.ownerId], foreignColumns: [owners.id] }),
    uniqueIndex("uq_callback_endpoints_owner_id_enabled").on(t.ownerId).where(sql`${t.isEnabled}`),
    index("ix_callback_endpoints_owner_id").on(t.ownerId),
  ],
);
