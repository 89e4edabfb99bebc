import { connectDatabase, createKeyStore } from "@millrace/db";
import { type FakeProvider, startFakeProvider, until } from "@millrace/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster } from "../processes/cluster.ts";
import { SMALL, type VideoCalls, videoCalls } from "./video-calls.fixture.ts";

const OPEN = {
  scale: { assets: 1, clips: 1, seconds: 1 },
  gates: { assets: "off", video: "off", audio: "off" },
  final_gate: "off",
};

let cluster: Cluster;
let calls: VideoCalls;
let admin: Record<string, string>;
let receiver: FakeProvider;
beforeAll(async () => {
  receiver = await startFakeProvider(async ({ readBody, response }) => {
    await readBody();
    response.writeHead(204).end();
  });
  cluster = await startCluster({ env: { ...SMALL, ALERT_WEBHOOK_URL: `${receiver.url}/alerts` } });
  calls = videoCalls(cluster);
  const db = connectDatabase({ url: cluster.databaseUrl, maxConnections: 1, applicationName: "e2e" });
  const { key } = await createKeyStore(db).createApiKey({ ownerId: cluster.owner.id, name: "admin", isAdmin: true });
  await db.close();
  admin = { authorization: `Bearer ${key}` };
});
afterAll(async () => {
  await cluster?.close();
  await receiver.stop();
});

async function setLimit(units: number): Promise<void> {
  const { status, body } = await cluster.call("PUT", "/quotas/library/nature", { daily_limit: units }, admin);
  expect(status, JSON.stringify(body)).toBe(200);
}

/** Until the receiver of alerts got a post with these words in it. */
const isTold = (words: string): Promise<boolean> =>
  until(() => receiver.requests.some(({ body }) => body.includes(words)), {
    timeoutMs: 120_000,
    message: () =>
      `an alert: ${words}\n${receiver.requests.map(({ body }) => body).join("\n")}\n${cluster.output().slice(-3_000)}`,
  });

test("a task that finds its quota spent waits queued, unharmed, is told of, and goes on as soon as there is more (C-Q11, C-Q13)", {
  timeout: 400_000,
}, async () => {
  await calls.putChannel("nature", { ...OPEN, quota_pool: "nature" });
  await setLimit(1);
  await cluster.startWorker("one");
  const first = await calls.plan("nature", { queue: true });
  await calls.reaches(first, "published");
  const second = await calls.plan("nature", { title: "Wolves", topic: "wolves", queue: true });
  const waiting = await until(
    async () => {
      const task = await calls.find(second);
      return task.status === "queued" && task.job?.waiting_for === "quota" ? task : undefined;
    },
    { timeoutMs: 240_000, everyMs: 50, message: () => `a wait for the quota\n${cluster.output().slice(-3_000)}` },
  );
  expect(waiting).toMatchObject({ error_code: null, error_log: null, job: { stage: "upload", retry_attempt: 0 } });
  expect(new Date(waiting.job.next_retry_at).getTime()).toBeGreaterThan(Date.now());
  const { body: why } = await cluster.call("GET", `/jobs/${waiting.job.id}/why`);
  expect(JSON.stringify(why)).toContain("quota_exhausted");
  const rows = await cluster.sql`select stage_attempts, retry_count from pipeline_jobs where id = ${waiting.job.id}`;
  expect([...rows]).toEqual([{ stage_attempts: 0, retry_count: 0 }]);

  await setLimit(2);
  await calls.reaches(second, "published");
  const [usage] = await cluster.sql`
    select sum(units_used)::int as used, sum(units_reserved)::int as reserved from quota_usages where service = 'library'`;
  expect(usage).toEqual({ used: 2, reserved: 0 });
  await isTold("Quota library of nature is spent");
});

test("a task that fails for good is told of, with what went wrong (C2.8)", { timeout: 300_000 }, async () => {
  const channelId = await calls.putChannel("broken", OPEN);
  // as if a field had been renamed by a later release
  await cluster.sql`update channels set config = config || '{"colour": "blue"}' where id = ${channelId}`;
  const id = await calls.plan("broken", { title: "Whales", queue: true });
  const task = await calls.reaches(id, "asset_error");
  expect(task).toMatchObject({ error_step: "assets", error_code: "MEDIA_REFUSED" });
  const { body } = await cluster.call("GET", `/tasks/${id}/errors`);
  expect(body.errors).toMatchObject([{ code: "MEDIA_REFUSED", is_transient: false }]);
  await isTold(`Whales\\" of channel broken failed at assets: ${body.errors[0].message}`);
});
