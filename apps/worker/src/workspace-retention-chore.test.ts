import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Blobs } from "@millrace/core";
import { connectDatabase, createWorkspaceStore, type Database, newId } from "@millrace/db";
import { openBlobs } from "@millrace/providers";
import { collectLogs, createTestDatabase, settableClock, type TestDatabase } from "@millrace/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { workspaceRetentionChore } from "./workspace-retention-chore.ts";

const PUBLISHED_AT = "2026-03-04T12:00:00Z";
const never = new AbortController().signal;

let database: TestDatabase;
let db: Database;
let folder: string;
let blobs: Blobs;
const ownerId = newId();
const channelId = newId();
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({ url: database.url, maxConnections: 2, applicationName: "test" });
  folder = await mkdtemp(join(tmpdir(), "millrace-workspaces-"));
  blobs = await openBlobs(`file://${folder}`);
  await db.query("insert into owners (id, name) values ($1, 'somebody')", [ownerId]);
  await db.query(
    `insert into channels (id, channel_id, channel_name, owner_id, config, quota_pool, source)
     values ($1, 'nature', 'Nature', $2, '{}', 'nature', 'api')`,
    [channelId, ownerId],
  );
});
afterAll(async () => {
  await db.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await db.query("delete from tasks where $1 = 1", [1]);
});

const UNITS = {
  "assets/characters/01": "assets",
  "video/01": "video",
  "audio/01": "audio",
  "assembly/final": "assembly",
};

/** A task with a unit of some steps, each with its blob, and one in the library. */
async function putTask(status: string): Promise<string> {
  const id = newId();
  await db.query(
    `insert into tasks (id, channel_id, owner_id, notion_page_id, title, topic, story_direction, status, status_since)
     values ($1::uuid, $2, $3, $4, 'Bees', 'topic', 'direction', $5::task_status, $6::timestamptz)`,
    [id, channelId, ownerId, id.replaceAll("-", ""), status, PUBLISHED_AT],
  );
  for (const [unit, step] of Object.entries(UNITS)) {
    const key = `${ownerId}/video/${id}/${unit}.bin`;
    await blobs.put(key, "bytes");
    await db.query(
      `insert into task_units (task_id, step, unit, input_hash, blob_key, media_type, sha256, bytes)
       values ($1, $2, $3, 'h', $4, 'image/png', 's', 5)`,
      [id, step, unit.slice(step.length + 1), key],
    );
  }
  // of an earlier take that had another ending
  await blobs.put(`${ownerId}/video/${id}/assets/characters/01.webp`, "bytes");
  await blobs.put(`library/${ownerId}/${id}/video.mp4`, "bytes");
  return id;
}

async function leftOf(id: string): Promise<{ blobs: string[]; units: string[] }> {
  const prefix = `${ownerId}/video/${id}/`;
  const keys: string[] = [];
  for await (const { key } of blobs.list(prefix)) keys.push(key.slice(prefix.length));
  const rows = await db.query<{ step: string }>("select step from task_units where task_id = $1 order by step", [id]);
  return { blobs: keys.sort(), units: rows.map(({ step }) => step) };
}

const WHOLE = {
  blobs: [
    "assembly/final.bin",
    "assets/characters/01.bin",
    "assets/characters/01.webp",
    "audio/01.bin",
    "video/01.bin",
  ],
  units: ["assembly", "assets", "audio", "video"],
};
const EMPTIED = { blobs: ["assembly/final.bin"], units: ["assembly"] };

function choreAt(instant: string, over: Partial<Pick<Blobs, "list" | "delete">> = {}) {
  const { log, lines } = collectLogs();
  const chore = workspaceRetentionChore({
    workspaces: createWorkspaceStore(db),
    blobs: { list: blobs.list, delete: blobs.delete, ...over },
    days: 7,
    clock: settableClock(instant),
    log,
  });
  return { chore, lines };
}

test("a week after publishing the workspace goes; the video, the library and workspaces with an error stay (C2.8)", async () => {
  const published = await putTask("published");
  const failed = await putTask("video_error");
  await choreAt("2026-03-11T12:00:00Z").chore.run(never);
  expect(await leftOf(published)).toEqual(WHOLE);
  const { chore, lines } = choreAt("2026-03-11T12:00:01Z");
  await chore.run(never);
  expect(await leftOf(published)).toEqual(EMPTIED);
  expect(await blobs.head(`library/${ownerId}/${published}/video.mp4`)).toBeDefined();
  expect(await leftOf(failed)).toEqual(WHOLE);
  await chore.run(never);
  expect(lines).toMatchObject([
    { message: "workspaces of published videos removed", fields: { tasks: 1, blobs: 4, tasks_left: 0 } },
  ]);
});

test("one that cannot be removed keeps its rows and does not hold up the others", async () => {
  const ids = [await putTask("published"), await putTask("published")];
  const stubborn = (key: string): Promise<void> =>
    key.includes(ids[0]!) ? Promise.reject(new Error("busy")) : blobs.delete(key);
  const { chore, lines } = choreAt("2026-04-01T00:00:00Z", { delete: stubborn });
  await chore.run(never);
  expect(await leftOf(ids[0]!)).toEqual(WHOLE);
  expect(await leftOf(ids[1]!)).toEqual(EMPTIED);
  expect(lines.at(-1)).toMatchObject({ fields: { tasks: 1, tasks_left: 1 } });
});

test("a task that is queued again while its blobs go keeps its rows, whose blobs are then made anew", async () => {
  const id = await putTask("published");
  const { chore } = choreAt("2026-04-01T00:00:00Z", {
    async delete(key) {
      await db.query("update tasks set status = 'queued', status_since = now() where id = $1", [id]);
      await blobs.delete(key);
    },
  });
  await chore.run(never);
  expect((await leftOf(id)).units).toEqual(WHOLE.units);
});
