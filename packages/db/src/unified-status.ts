import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sql } from "postgres";
import { MIGRATIONS_FOLDER } from "./migrations.ts";

const UP = "0007_unified_status_whole.sql";
const DOWN = "down/unified_status.sql";

const sqlOf = (file: string): Promise<string> => readFile(join(MIGRATIONS_FOLDER, file), "utf8");

/** Leads forward again after a way back, which Drizzle's journal knows nothing of. Nothing to do is nothing done. */
export async function applyUnifiedStatus(client: Sql): Promise<void> {
  await client.unsafe(await sqlOf(UP));
}

/** Gives `contents` the two status pairs back. Postgres error 55006 while jobs on contents are active; then nothing has changed. */
export async function revertUnifiedStatus(client: Sql): Promise<void> {
  await client.unsafe(await sqlOf(DOWN));
}
