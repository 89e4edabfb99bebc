import type { Finding } from "@millrace/core";
import { expect, test } from "vitest";
import { checkWork } from "./check-work.ts";
import { claimed, expireLease, newJob, storeUnderTest, submitted } from "./job-store.fixture.ts";
import { createKeyStore } from "./key-store.ts";
import { jobOf, newChannel, newTask } from "./task-store.fixture.ts";
import { createTaskStore } from "./task-store.ts";

const s = storeUnderTest();

const check = async (): Promise<Record<string, Finding>> =>
  Object.fromEntries((await checkWork(s.db, { lateMs: 60_000 })).map((finding) => [finding.check, finding]));

test("says who leads, until the lease is over", async () => {
  expect((await check())["leader"]?.severity).toBe("warning");
  await s.store.acquireLeadership("leader", "worker-7", 60_000);
  expect((await check())["leader"]).toMatchObject({ severity: "ok", message: "worker-7 leads" });
  await s.store.releaseLeadership("leader", "worker-7");
  expect((await check())["leader"]?.severity).toBe("warning");
});

test("a requested cancel is late when its worker's lease has been over for long", async () => {
  const { jobId } = await submitted(s.store, newJob(s.ownerId));
  await claimed(s.store, jobId);
  await s.store.cancel({ jobId, ownerId: null, by: "test", reason: null });
  await s.db.query("update pipeline_jobs set cancel_requested_at = now() - interval '2 minutes' where id = $1", [
    jobId,
  ]);
  expect((await check())["late_cancels"]?.severity).toBe("ok");
  await expireLease(s.db, jobId);
  expect((await check())["late_cancels"]?.severity).toBe("ok");
  await s.db.query("update pipeline_jobs set lease_until = now() - interval '2 minutes' where id = $1", [jobId]);
  expect((await check())["late_cancels"]).toMatchObject({ severity: "warning", message: expect.stringMatching(/^1 /) });
  await s.store.finishExpiredCancels(10);
  expect((await check())["late_cancels"]?.severity).toBe("ok");
});

test("a retry is late when it has been due for long, unless its lane is paused", async () => {
  const { jobId } = await submitted(s.store, newJob(s.ownerId, { isDispatched: false }));
  const due = (since: string) =>
    s.db.query(
      `update pipeline_jobs set waiting_for = 'retry', next_retry_at = now() - interval '${since}' where id = $1`,
      [jobId],
    );
  await due("1 second");
  expect((await check())["late_retries"]?.severity).toBe("ok");
  await due("2 minutes");
  expect((await check())["late_retries"]).toMatchObject({ severity: "warning", message: expect.stringMatching(/^1 /) });
  await s.store.changeLane("io", { isPaused: true });
  expect((await check())["late_retries"]?.severity).toBe("ok");
  await s.store.changeLane("io", { isPaused: false });
  expect((await check())["late_retries"]?.severity).toBe("warning");
});

test("a callback is late when it has been due for long, unless its endpoint is disabled", async () => {
  const keys = createKeyStore(s.db);
  await keys.ensureCallbackEndpoint({ ownerId: s.ownerId, url: "http://localhost:1", secret: "whsec_c2VjcmV0" });
  const { jobId } = await submitted(s.store, newJob(s.ownerId));
  await s.store.cancel({ jobId, ownerId: null, by: "test", reason: null });
  expect((await check())["late_callbacks"]?.severity).toBe("ok");
  await s.db.query("update callback_deliveries set next_attempt_at = now() - interval '2 minutes' where job_id = $1", [
    jobId,
  ]);
  expect((await check())["late_callbacks"]).toMatchObject({
    severity: "warning",
    message: expect.stringMatching(/^1 /),
  });
  await s.db.query("update callback_endpoints set is_enabled = false, disabled_reason = 'owner' where owner_id = $1", [
    s.ownerId,
  ]);
  expect((await check())["late_callbacks"]?.severity).toBe("ok");
});

test("a count of waiting jobs that is wrong is found", async () => {
  await submitted(s.store, newJob(s.ownerId, { isDispatched: false }));
  expect((await check())["turns"]?.severity).toBe("ok");
  await s.db.query("update channel_turns set waiting = waiting - 1 where has_waiting and $1 = 1", [1]);
  expect((await check())["turns"]).toMatchObject({
    severity: "warning",
    message: expect.stringMatching(/^1 channels/),
  });
});

test("a task is out of step when it is not where its job is", async () => {
  const tasks = createTaskStore(s.db);
  const channel = await newChannel({ ...s, tasks }, "steps", { maxInFlight: null });
  const task = await newTask({ ...s, tasks, channel });
  const stands = (status: string) =>
    s.db.query("update tasks set status = $2::text::task_status where id = $1", [task.id, status]);
  expect((await check())["tasks"]?.severity).toBe("ok");
  await stands("generating_video");
  expect((await check())["tasks"]).toMatchObject({ severity: "warning", message: expect.stringMatching(/^1 /) });
  await stands("draft");
  const { jobId } = await submitted(s.store, jobOf(task));
  expect((await check())["tasks"]?.severity).toBe("ok");
  await stands("draft");
  expect((await check())["tasks"]?.message).toContain(task.id);
  await stands("queued");
  await claimed(s.store, jobId);
  expect((await check())["tasks"]?.severity).toBe("ok");
  await stands("video_ready");
  expect((await check())["tasks"]?.severity).toBe("warning");
});

test("a count of reserved units that is wrong is found", async () => {
  const quota = { service: "clips", pool: "main", units: 3 };
  await submitted(s.store, newJob(s.ownerId, { isDispatched: false, quota, channelId: s.ownerId }));
  await s.store.dispatch("io", 100);
  expect((await check())["quotas"]?.severity).toBe("ok");
  await s.db.query("update quota_usages set units_reserved = 4 where service = 'clips' and $1 = 1", [1]);
  expect((await check())["quotas"]).toMatchObject({ severity: "warning", message: expect.stringMatching(/^1 counts/) });
});
