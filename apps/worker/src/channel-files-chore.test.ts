import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectDatabase, createKeyStore, createTaskStore, type Database, type TaskStore } from "@millrace/db";
import { parseChannel } from "@millrace/providers";
import { collectLogs, createTestDatabase, type TestDatabase } from "@millrace/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { channelFilesChore } from "./channel-files-chore.ts";

let database: TestDatabase;
let db: Database;
let tasks: TaskStore;
let ownerId: string;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({ url: database.url, maxConnections: 2, applicationName: "channels-test" });
  tasks = createTaskStore(db);
  ownerId = (await createKeyStore(db).createOwner({ name: "studio" })).id;
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-channels-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await db.query("delete from channels");
});

const write = (name: string, text: string) => writeFile(join(folder, name), text);
const remove = (name: string) => rm(join(folder, name));
const yaml = (id: string, more = "") => `channel_id: ${id}\nchannel_name: The ${id}\nnotion_database_id: null\n${more}`;
const rowsOf = async () =>
  (await tasks.listVideoChannels(null)).map(({ channelId, isActive }) => (isActive ? channelId : `${channelId} off`));

function chore(owner = "studio") {
  const logs = collectLogs();
  const { findOwner } = createKeyStore(db);
  const made = channelFilesChore({ folder, owner, findOwner, rows: tasks, log: logs.log });
  return { logs, run: () => made.run(new AbortController().signal) };
}

it("C-S41 a channel's row has its file's name, settings and owner, and keeps its uuid when they change", async () => {
  await write(
    "nature.yaml",
    yaml("nature", "max_concurrent: 3\nweight: 2.5\nquota_pool: project_1\nscale: { clips: 3, seconds: 20 }"),
  );
  const { run } = chore();
  await run();
  const [row] = await tasks.listVideoChannels(null);
  expect(row).toMatchObject({
    channelId: "nature",
    channelName: "The nature",
    ownerId,
    isActive: true,
    maxInFlight: 3,
    weight: 2.5,
    quotaPool: "project_1",
    source: "file",
    config: { channel_id: "nature", priority: "normal", scale: { assets: 22, clips: 3, seconds: 20 } },
  });
  await write("nature.yaml", yaml("nature", "max_concurrent: 1"));
  await run();
  expect(await tasks.listVideoChannels(null)).toMatchObject([{ id: row?.id, maxInFlight: 1, quotaPool: "nature" }]);
});

it("writes nothing while the files stay as they are, whoever reads them", async () => {
  await write("a.yaml", yaml("a"));
  const first = chore();
  await first.run();
  const [before] = await tasks.listVideoChannels(null);
  await first.run();
  await chore().run();
  expect(await tasks.listVideoChannels(null)).toEqual([before]);
});

it("a removed file switches its channel off; one that comes back switches it on", async () => {
  for (const id of ["a", "b"]) await write(`${id}.yaml`, yaml(id));
  const { run } = chore();
  await run();
  await remove("a.yaml");
  await run();
  expect(await rowsOf()).toEqual(["a off", "b"]);
  await write("a.yaml", yaml("a"));
  await run();
  expect(await rowsOf()).toEqual(["a", "b"]);
});

it("a wrong file stops no other, and switches no channel off that it may be about, also after a new start", async () => {
  for (const id of ["a", "b"]) await write(`${id}.yaml`, yaml(id));
  await chore().run();
  await write("a.yaml", yaml("a", "max_concurrent: 99"));
  await write("b.yaml", yaml("b", "weight: 3"));
  const later = chore();
  await later.run();
  expect(await rowsOf()).toEqual(["a", "b"]);
  expect((await tasks.findVideoChannel("b", null))?.weight).toBe(3);
  expect(later.logs.lines.filter(({ level }) => level === "error").map(({ fields }) => fields["channelId"])).toEqual([
    "a",
  ]);
  // whose file this is cannot be read: it may be that of any channel without one
  await remove("b.yaml");
  await write("a.yaml", "channel_id: [");
  await chore().run();
  expect(await rowsOf()).toEqual(["a", "b"]);
});

it("without its owner, or without the folder, no channel is applied, which is said once", async () => {
  await write("a.yaml", yaml("a"));
  const { run, logs } = chore("nobody");
  await run();
  await run();
  expect(await rowsOf()).toEqual([]);
  expect(logs.lines.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual([
    "there is no owner of the name in CHANNELS_OWNER: no channel is applied",
  ]);
  await createKeyStore(db).createOwner({ name: "nobody" });
  await run();
  expect(await rowsOf()).toEqual(["a"]);

  const elsewhere = collectLogs();
  const { findOwner } = createKeyStore(db);
  const lost = channelFilesChore({
    folder: join(folder, "nowhere"),
    owner: "studio",
    findOwner,
    rows: tasks,
    log: elsewhere.log,
  });
  for (let time = 0; time < 2; time++) await lost.run(new AbortController().signal);
  expect(elsewhere.lines.map(({ message }) => message)).toEqual([
    expect.stringContaining("CHANNEL_CONFIGS_DIR cannot be read"),
  ]);
  expect(await rowsOf()).toEqual(["a"]);
});

it("a channel of somebody else stays theirs", async () => {
  const other = await createKeyStore(db).createOwner({ name: "other" });
  const parsed = parseChannel(yaml("a"));
  if ("reasons" in parsed) throw new Error("wrong");
  const { fields, share } = parsed.channel;
  await tasks.putChannel({
    ownerId: other.id,
    channelId: "a",
    channelName: "Theirs",
    ...share,
    quotaPool: "a",
    source: "api",
    config: fields,
  });
  await write("a.yaml", yaml("a"));
  await write("b.yaml", yaml("b"));
  const { run, logs } = chore();
  await run();
  expect((await tasks.findVideoChannel("a", null))?.channelName).toBe("Theirs");
  expect(await rowsOf()).toEqual(["a", "b"]);
  expect(logs.lines).toContainEqual(
    expect.objectContaining({ message: "channels of these ids belong to somebody else", fields: { channels: ["a"] } }),
  );
});
