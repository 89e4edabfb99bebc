import { CALLBACK_PAYLOADS } from "@millrace/core";
import { sql } from "drizzle-orm";
import {
  boolean,
  check,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { anyOf, instant } from "./column-kinds.ts";
import { owners } from "./owners.ts";

export const DISABLED_REASONS = ["owner", "failing", "gone", "deleted"] as const;

/** Where an owner wants to hear of terminal jobs; at most one enabled at a time. */
export const callbackEndpoints = pgTable(
  "callback_endpoints",
  {
    id: uuid().notNull(),
    ownerId: uuid().notNull(),
    url: text().notNull(),
    description: text().notNull().default(""),
    /** Signing key; it cannot be a hash, every delivery is signed with it. */
    secret: text().notNull(),
    /** Signs too until its time is over, so that a receiver can change over at leisure. */
    previousSecret: text(),
    previousSecretUntil: instant(),
    payload: text({ enum: CALLBACK_PAYLOADS }).notNull().default("summary"),
    /** Whether a job may name a `callback_url` of its own in place of this one. */
    allowsJobUrls: boolean().notNull().default(false),
    isEnabled: boolean().notNull().default(true),
    /** `failing` still collects deliveries, for the day it is enabled again. */
    disabledReason: text({ enum: DISABLED_REASONS }),
    disabledAt: instant(),
    /** Attempts that failed since the last one that did not. */
    failures: integer().notNull().default(0),
    failingSince: instant(),
    createdAt: instant().notNull().default(sql`now()`),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_callback_endpoints", columns: [t.id] }),
    foreignKey({ name: "fk_callback_endpoints_owner_id", columns: [t.ownerId], foreignColumns: [owners.id] }),
    uniqueIndex("uq_callback_endpoints_owner_id_enabled").on(t.ownerId).where(sql`${t.isEnabled}`),
    index("ix_callback_endpoints_owner_id").on(t.ownerId),
    check("ck_callback_endpoints_payload", sql`${t.payload} in ${anyOf(CALLBACK_PAYLOADS)}`),
    check(
      "ck_callback_endpoints_disabled_reason",
      sql`${t.isEnabled} = (${t.disabledReason} is null) and coalesce(${t.disabledReason} in ${anyOf(DISABLED_REASONS)}, true)`,
    ),
    check(
      "ck_callback_endpoints_previous_secret",
      sql`(${t.previousSecret} is null) = (${t.previousSecretUntil} is null)`,
    ),
  ],
);
