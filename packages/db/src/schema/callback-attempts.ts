import { sql } from "drizzle-orm";
import { foreignKey, integer, jsonb, pgTable, primaryKey, smallint, text, uuid } from "drizzle-orm/pg-core";
import { callbackDeliveries } from "./callback-deliveries.ts";
import { instant } from "./column-kinds.ts";

/** The delivery log, a line per try; one without `finished_at` is under way, or its pump died. */
export const callbackAttempts = pgTable(
  "callback_attempts",
  {
    deliveryId: uuid().notNull(),
    fence: integer().notNull(),
    /** Two lines share a number when the first was interrupted. */
    attempt: smallint().notNull(),
    url: text().notNull(),
    requestHeaders: jsonb(),
    statusCode: integer(),
    latencyMs: integer(),
    /** The first kilobyte, as text. */
    responseBody: text(),
    /** null once finished: delivered. */
    error: text(),
    startedAt: instant().notNull().default(sql`now()`),
    finishedAt: instant(),
  },
  (t) => [
    primaryKey({ name: "pk_callback_attempts", columns: [t.deliveryId, t.fence] }),
    foreignKey({
      name: "fk_callback_attempts_delivery_id",
      columns: [t.deliveryId],
      foreignColumns: [callbackDeliveries.id],
    }).onDelete("cascade"),
  ],
);
