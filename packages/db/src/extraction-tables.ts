import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sql } from "postgres";
import { MIGRATIONS_FOLDER } from "./migrations.ts";

const UP = "0009_extraction.sql";
const DOWN = "down/extraction.sql";

const sqlOf = (file: string): Promise<string> => readFile(join(MIGRATIONS_FOLDER, file), "utf8");

/** Makes the tables again after a way back, which Drizzle's journal knows nothing of. */
export async function applyExtractionTables(client: Sql): Promise<void> {
  const [found] = await client.unsafe("select to_regclass('extraction_jobs') is not null as is_there");
  if (found?.["is_there"] === true) return;
  const text = await sqlOf(UP);
  await client.begin((inside) => inside.unsafe(text));
}

/** Removes the tables of extraction and what stands in them. Postgres error 55006 while its jobs are active; then nothing has changed. */
export async function revertExtractionTables(client: Sql): Promise<void> {
  await client.unsafe(await sqlOf(DOWN));
}
