import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { connectDatabase, createKeyStore, type Database, newId } from "@millrace/db";
import { createTestDatabase, type TestDatabase } from "@millrace/testing";
import { Command } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addPurgeCommand } from "../add-purge-command.ts";
import { createColour } from "../colour.ts";
import { readConfig } from "../config.ts";

let database: TestDatabase;
let db: Database;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({ url: database.url, maxConnections: 2, applicationName: "purge-test" });
  folder = await mkdtemp(join(tmpdir(), "millrace-purge-"));
});
afterAll(async () => {
  await db.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

async function purge(...args: string[]): Promise<{ readonly said: string[]; readonly warned: string[] }> {
  const said: string[] = [];
  const warned: string[] = [];
  const terminal = {
    colour: createColour(false),
    say: (line: string) => void said.push(line),
    warn: (line: string) => void warned.push(line),
  };
  const program = new Command("millrace").exitOverride().configureOutput({ writeErr: terminal.warn });
  program.command("content").description("of somebody else");
  const blobs = args.includes("--no-blobs") ? {} : { BLOB_URL: pathToFileURL(folder).href };
  addPurgeCommand(program, readConfig({ DATABASE_URL: database.url, ...blobs }), terminal);
  await program.parseAsync(["content", "purge", ...args.filter((arg) => arg !== "--no-blobs")], { from: "user" });
  return { said, warned };
}

/** A finished content job of the full tier, made and ended that many days ago, with a working file. */
async function ended(daysAgo: number): Promise<string> {
  const at = Date.now() - daysAgo * 86_400_000;
  const { id: ownerId } = await createKeyStore(db).createOwner({ name: "purge" });
  const time = at.toString(16).padStart(12, "0");
  const id = `${time.slice(0, 8)}-${time.slice(8)}${newId().slice(13)}`;
  await db.query(
    `insert into pipeline_jobs (id, owner_id, pipeline, pipeline_version, resource_key, lane, stage, stage_count, max_retries,
       input, data_tier, status, dispatched_at, created_at, finished_at)
     values ($1::uuid, $2::uuid, 'content', '0.1.0', $1::text, 'io', 'persist', 1, 0, '{}', 'full', 'completed', $3, $3, $3)`,
    [id, ownerId, new Date(at + 3_600_000).toISOString()],
  );
  await mkdir(join(folder, "jobs", id), { recursive: true });
  await writeFile(join(folder, "jobs", id, "text.txt"), "words");
  return id;
}

const hasFile = (id: string): Promise<boolean> =>
  access(join(folder, "jobs", id, "text.txt")).then(
    () => true,
    () => false,
  );

test("A-Q13: content purge counts with --dry-run, then strips and deletes, working files included", async () => {
  const [young, middle, old] = [await ended(10), await ended(70), await ended(200)];
  expect((await purge("--dry-run")).said).toEqual(["2 full jobs would be made compact, 1 jobs would be deleted."]);
  expect(await hasFile(old)).toBe(true);
  const counts = (dry_run: boolean, stripped: number, deleted: number) => ({
    dry_run,
    stripped,
    deleted,
    postponed: 0,
  });
  const report = async (...args: string[]) => JSON.parse((await purge("--json", ...args)).said.join("")) as unknown;
  expect(await report("--dry-run")).toEqual(counts(true, 2, 1));
  expect(await report("--batch", "1")).toEqual(counts(false, 2, 1));
  expect(await report()).toEqual(counts(false, 0, 0));
  const rows = await db.query("select id, data_tier from pipeline_jobs order by id desc");
  expect(rows).toEqual([
    { id: young, data_tier: "full" },
    { id: middle, data_tier: "compact" },
  ]);
  expect([await hasFile(old), await hasFile(middle)]).toEqual([false, true]);
});

test("says when it does not know where working files are, and refuses a batch of nothing", async () => {
  expect((await purge("--no-blobs")).warned.join("")).toContain("BLOB_URL");
  await expect(purge("--batch", "0")).rejects.toThrow("1 to 10000");
});
