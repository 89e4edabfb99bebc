import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Database } from "./database.ts";
import { codeOf } from "./store-error.ts";

/** The SQL at the repository's root; `src/` and `dist/` are equally deep. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL("../../../drizzle", import.meta.url));

/** Migrations of this release and of a database, oldest first. */
export interface MigrationState {
  /** Names of those the database lacks. */
  readonly missing: readonly string[];
  /** How many the database has that this release does not know. */
  readonly unknown: number;
}

interface Journal {
  readonly entries: readonly { readonly tag: string; readonly when: number }[];
}

export async function readJournal(): Promise<Journal> {
  return JSON.parse(await readFile(join(MIGRATIONS_FOLDER, "meta/_journal.json"), "utf8")) as Journal;
}

/** Compares this release's migrations with those of the database; undefined where its role may not read them. */
export async function migrationState(db: Database): Promise<MigrationState | undefined> {
  const journal = await readJournal();
  const applied = await readApplied(db);
  if (applied === undefined) return undefined;
  const known = new Set(journal.entries.map(({ when }) => when));
  return {
    missing: journal.entries.filter(({ when }) => !applied.has(when)).map(({ tag }) => tag),
    unknown: [...applied].filter((when) => !known.has(when)).length,
  };
}

/** Drizzle names a migration by the instant it was made. */
async function readApplied(db: Database): Promise<Set<number> | undefined> {
  try {
    const rows = await db.query<{ created_at: string }>("select created_at from drizzle.__drizzle_migrations");
    return new Set(rows.map((row) => Number(row.created_at)));
  } catch (error) {
    const code = codeOf(error);
    if (code === "42P01") return new Set();
    if (code === "42501") return undefined;
    throw error;
  }
}
