import { type SQL, sql } from "drizzle-orm";
import { timestamp } from "drizzle-orm/pg-core";

/**
 * An instant. Milliseconds, because a keyset cursor passes through a JavaScript Date: with Postgres' microseconds it
 * would skip the rows of the same millisecond.
 */
export function instant() {
  return timestamp({ withTimezone: true, precision: 3, mode: "date" });
}

/** `('a', 'b')` for a CHECK, from the list the code uses. */
export function anyOf(values: readonly string[]): SQL {
  return sql.raw(`(${values.map((value) => `'${value}'`).join(", ")})`);
}
