import { sql } from "drizzle-orm";
import { boolean, foreignKey, index, pgTable, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { instant } from "./column-kinds.ts";
import { owners } from "./owners.ts";

/** Bearer keys; only a hash is kept. */
export const apiKeys = pgTable(
  "api_keys",
  {
    id: uuid().notNull(),
    ownerId: uuid().notNull(),
    name: text().notNull(),
    /** Shown to tell keys apart; not secret. */
    prefix: text().notNull(),
    /** SHA-256 of the whole key, hex. */
    keyHash: text().notNull(),
    scopes: text().array().notNull().default(sql`'{}'`),
    isAdmin: boolean().notNull().default(false),
    /** What its holder is at gates that ask for a role. */
    roles: text().array().notNull().default(sql`'{}'`),
    createdAt: instant().notNull().default(sql`now()`),
    lastUsedAt: instant(),
    revokedAt: instant(),
  },
  (t) => [
    primaryKey({ name: "pk_api_keys", columns: [t.id] }),
    foreignKey({ name: "fk_api_keys_owner_id", columns: [t.ownerId], foreignColumns: [owners.id] }),
    uniqueIndex("uq_api_keys_key_hash").on(t.keyHash),
    index("ix_api_keys_owner_id").on(t.ownerId),
  ],
);
