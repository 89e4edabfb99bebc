import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectDatabase, createKeyStore, createTaskStore, type Database, type TaskStore } from "@millrace/db";
import { createCredentialBox, parseCredentialKeys } from "@millrace/providers";
import {
  createTestDatabase,
  type FakeNotion,
  notionProperties,
  startFakeNotion,
  type TestDatabase,
  type TestRedis,
  testRedis,
  until,
} from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { statusOf } from "./notion.fixture.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const KEY = randomBytes(32).toString("base64");
const PATIENT = { timeoutMs: 60_000 };

let folder: string;
let database: TestDatabase;
let redis: TestRedis;
let notion: FakeNotion;
let db: Database;
let tasks: TaskStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-outside-"));
  [database, notion] = await Promise.all([createTestDatabase(), startFakeNotion()]);
  redis = testRedis();
  db = connectDatabase({ url: database.url, maxConnections: 2, applicationName: "outside-test" });
  tasks = createTaskStore(db);
  await createKeyStore(db).createOwner({ name: "studio" });
});
afterAll(async () => {
  await Promise.all([db.close(), notion.stop()]);
  await Promise.all([database.drop(), redis.flush(), rm(folder, { recursive: true, force: true })]);
});

function startWorker(): { readonly child: ChildProcess; output(): string } {
  const child = fork(MAIN, [], {
    execArgv: ["--conditions=millrace-source", "--import", "tsx"],
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      QUEUE_PREFIX: redis.prefix,
      BLOB_URL: `file://${folder}/blobs`,
      SPOOL_DIR: join(folder, "spool"),
      WORK_DIR: join(folder, "work"),
      // nobody makes the video: the task stays where the board has put it
      LANES: "io:1",
      ALLOW_LOOPBACK: "true",
      // the Postgres of tests is not durable
      ALLOW_UNFIT: "true",
      CHANNEL_CONFIGS_DIR: folder,
      CHANNELS_OWNER: "studio",
      CREDENTIAL_KEYS: KEY,
      NOTION_BASE_URL: notion.url,
      NOTION_SYNC_INTERVAL_SECONDS: "1",
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  return { child, output: () => text };
}

// a process of its own compiles what it imports, which takes its time on a busy machine
describe("a worker that leads", { timeout: 240_000 }, () => {
  it("applies channel files, and queues what a page on a channel's board asks for, with the channel's own token", async () => {
    await writeFile(
      join(folder, "nature.yaml"),
      `channel_id: nature\nchannel_name: Nature\nnotion_database_id: ${notion.databaseId}\n`,
    );
    const page = notion.addPage(
      notionProperties({
        title: "The fox",
        texts: { Topic: "Foxes", "Story Direction": "", "Error Log": "" },
        selects: { Status: "In queue", Channel: "nature", Priority: null },
        urls: { "YouTube URL": null },
      }),
    );
    const { child, output } = startWorker();
    const ended = once(child, "exit");
    try {
      await Promise.race([
        once(child, "message"),
        ended.then(([code]) => Promise.reject(new Error(`ended with ${code}: ${output()}`))),
      ]);
      const { id } = await until(() => tasks.findVideoChannel("nature", null), { ...PATIENT, message: output });
      await until(() => output().includes("notion: no token for a board"), { ...PATIENT, message: output });
      const place = { channelId: id, name: "notion_token" };
      const box = createCredentialBox({ keys: parseCredentialKeys({ current: KEY }) });
      await tasks.putCredential(id, place.name, box.seal(place, notion.token));
      const pageId = page.id.replaceAll("-", "");
      await until(async () => (await tasks.findTaskOfPage(pageId, null))?.status === "queued", {
        ...PATIENT,
        message: output,
      });
      // what means the same is left as people wrote it
      expect(statusOf(page)).toBe("In queue");
      const task = await tasks.findTaskOfPage(pageId, null);
      await tasks.updateTask(task?.id ?? "", null, { youtubeUrl: "https://youtu.be/abc" });
      await until(() => JSON.stringify(page.properties["YouTube URL"]).includes("youtu.be/abc"), PATIENT);

      await writeFile(
        join(folder, "nature.yaml"),
        "channel_id: nature\nchannel_name: Nature\nis_active: false\nnotion_database_id: null\n",
      );
      await until(async () => (await tasks.findVideoChannel("nature", null))?.isActive === false, PATIENT);
      child.kill("SIGTERM");
      const [, signal] = await ended;
      expect(signal).toBeNull();
      for (const secret of [notion.token, KEY]) expect(output()).not.toContain(secret);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
