import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sql } from "postgres";
import { MIGRATIONS_FOLDER, readJournal } from "./migrations.ts";

/** What the way back undoes, in the order of their making: every migration of these tables belongs in here. */
const UP: readonly string[] = [
  "0012_video",
  "0013_quota_triggers",
  "0014_task_triggers",
  "0015_alert_sending",
  "0016_library_index",
];
const DOWN = "down/video.sql";

const sqlOf = (file: string): Promise<string> => readFile(join(MIGRATIONS_FOLDER, file), "utf8");

/**
 * Makes the tables again after a way back, which Drizzle's journal knows nothing of: as far as that says they were made,
 * so that its own migrations go on from there.
 */
export async function applyVideoTables(client: Sql): Promise<void> {
  const [found] = await client.unsafe(
    "select to_regclass('tasks') is null and to_regclass('drizzle.__drizzle_migrations') is not null as is_gone",
  );
  if (found?.["is_gone"] !== true) return;
  const applied = await client.unsafe("select created_at from drizzle.__drizzle_migrations");
  const whens = new Set(applied.map((row) => Number(row["created_at"])));
  const { entries } = await readJournal();
  const again = entries.filter(({ tag, when }) => UP.includes(tag) && whens.has(when));
  const texts = await Promise.all(again.map(({ tag }) => sqlOf(`${tag}.sql`)));
  await client.begin(async (inside) => {
    for (const text of texts) await inside.unsafe(text);
  });
}

/** Removes tasks, quotas, permits and alerts. Postgres error 55006 while video jobs are active; then nothing has changed. */
export async function revertVideoTables(client: Sql): Promise<void> {
  await client.unsafe(await sqlOf(DOWN));
}
