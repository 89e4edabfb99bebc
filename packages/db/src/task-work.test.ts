import { advance, type Claim, fail, interrupt } from "@millrace/core";
import { until } from "@millrace/testing";
import { describe, expect, it } from "vitest";
import { claimed, expireLease, OUTPUT, settle, submitted } from "./job-store.fixture.ts";
import { newId } from "./new-id.ts";
import type { TaskRow } from "./task-model.ts";
import { jobOf, newChannel, newTask, tasksUnderTest } from "./task-store.fixture.ts";

const t = tasksUnderTest();

const HASH = "a".repeat(64);
const UNIT = {
  step: "video",
  unit: "07",
  take: 1,
  inputHash: HASH,
  blobKey: "owner/video/task/video/07.mp4",
  mediaType: "video/mp4",
  sha256: "b".repeat(64),
  bytes: 3_000_000_000,
  seconds: 10.042,
} as const;
const ORDER = { step: "video", unit: "07", inputHash: HASH } as const;

async function making(): Promise<{ task: TaskRow; claim: Claim; jobId: string }> {
  const task = await newTask(t);
  const { jobId } = await submitted(t.store, jobOf(task, "video"));
  const { fence } = await claimed(t.store, jobId);
  return { task, jobId, claim: { jobId, fence } };
}

async function isSomebodyWaitingForALock(): Promise<boolean> {
  const waiting = await t.db.query(
    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = $1",
    ["Lock"],
  );
  return waiting.length > 0;
}

/** Everything a stage writes in the name of its claim. */
const writesOf = (claim: Claim, taskId: string) => [
  t.work.holds(claim),
  t.work.keepUnit(claim, taskId, UNIT),
  t.work.keepOrder(claim, taskId, { ...ORDER, state: "task-1" }),
  t.work.keepStep(claim, taskId, "video", { output_hash: HASH }),
  t.work.keepFinalVideo(claim, taskId, { path: "a/b.mp4", seconds: 90 }),
  t.work.keepPublished(claim, taskId, { url: "https://youtu.be/1", videoId: "1" }),
];

async function nothingWasWritten(task: TaskRow): Promise<void> {
  expect(await t.work.unitsOf(task.id)).toEqual([]);
  expect(await t.work.findOrder(task.id, ORDER)).toBeNull();
  expect(await t.tasks.findTask(task.id, null)).toMatchObject({ finalVideoPath: null, youtubeUrl: null });
  expect((await t.work.openTask(task.id))?.steps.video?.output_hash ?? null).toBeNull();
}

describe("what stages write", () => {
  it("stands while their claim holds", async () => {
    const { task, claim } = await making();
    expect(await Promise.all(writesOf(claim, task.id))).toEqual([true, true, true, true, true, true]);
    expect(await t.work.unitsOf(task.id)).toEqual([{ ...UNIT, isRejected: false }]);
    expect(await t.tasks.findTask(task.id, null)).toMatchObject({
      finalVideoPath: "a/b.mp4",
      finalVideoDuration: 90,
      youtubeUrl: "https://youtu.be/1",
    });
  });

  it("is nothing once a newer claim has the job", async () => {
    const { task, claim, jobId } = await making();
    await expireLease(t.db, jobId);
    await claimed(t.store, jobId);
    expect(await Promise.all(writesOf(claim, task.id))).toEqual([false, false, false, false, false, false]);
    await nothingWasWritten(task);
  });

  it("is nothing once the claim was given back, or the job is over", async () => {
    const { task, claim, jobId } = await making();
    const job = { ...(await t.store.findJob(jobId, null))!, ...claim } as never;
    await settle(t.store, job, interrupt("shutdown"));
    expect(await Promise.all(writesOf(claim, task.id))).toEqual([false, false, false, false, false, false]);
    const again = await claimed(t.store, jobId);
    await settle(t.store, again, fail({ code: "URL_UNREACHABLE", message: "gone", stage: "video" }));
    const over = { jobId, fence: again.fence };
    expect(await Promise.all(writesOf(over, task.id))).toEqual([false, false, false, false, false, false]);
    await nothingWasWritten(task);
  });

  it("is nothing for a task of another job", async () => {
    const { claim } = await making();
    const { task: other } = await making();
    const [, ...writes] = writesOf(claim, other.id);
    expect(await Promise.all(writes)).toEqual([false, false, false, false, false]);
    await nothingWasWritten(other);
  });

  it("waits for whoever is taking the job over, and then sees that it is lost", async () => {
    const { task, claim, jobId } = await making();
    await expireLease(t.db, jobId);
    const writes: Promise<boolean>[] = [];
    await t.db.transaction(async (query) => {
      await query("update pipeline_jobs set fence = fence + 1 where id = $1", [jobId]);
      writes.push(t.work.keepUnit(claim, task.id, UNIT));
      await until(isSomebodyWaitingForALock);
    });
    expect(await Promise.all(writes)).toEqual([false]);
    expect(await t.work.unitsOf(task.id)).toEqual([]);
  });
});

describe("units", () => {
  it("are replaced by their next take, which is not rejected, and forget what was ordered", async () => {
    const { task, claim } = await making();
    await t.work.keepUnit(claim, task.id, UNIT);
    await t.db.query("update task_units set is_rejected = true where task_id = $1", [task.id]);
    expect((await t.work.unitsOf(task.id))[0]).toMatchObject({ take: 1, isRejected: true });
    await t.work.keepOrder(claim, task.id, { ...ORDER, state: "task-2" });
    await t.work.keepUnit(claim, task.id, { ...UNIT, take: 2, seconds: null });
    expect(await t.work.unitsOf(task.id)).toEqual([{ ...UNIT, take: 2, seconds: null, isRejected: false }]);
    expect(await t.work.findOrder(task.id, ORDER)).toBeNull();
  });

  it("are found as orders only for the same input, until they are forgotten", async () => {
    const { task, claim } = await making();
    await t.work.keepOrder(claim, task.id, { ...ORDER, state: "task-1" });
    await t.work.keepOrder(claim, task.id, { ...ORDER, state: "task-2" });
    expect(await t.work.findOrder(task.id, ORDER)).toBe("task-2");
    expect(await t.work.findOrder(task.id, { ...ORDER, inputHash: "c".repeat(64) })).toBeNull();
    expect(await t.work.keepOrder(claim, task.id, { ...ORDER, state: "" })).toBe(true);
    expect(await t.work.findOrder(task.id, ORDER)).toBeNull();
  });
});

describe("a step's record", () => {
  it("is kept field by field; another output is not approved any more", async () => {
    const { task, claim, jobId } = await making();
    await t.work.keepStep(claim, task.id, "video", { partial_progress: { made: 7, wanted: 18 } });
    await t.work.keepStep(claim, task.id, "video", { output_hash: HASH, duration_seconds: 90 });
    const record = async () => (await t.work.openTask(task.id))?.steps.video;
    expect(await record()).toEqual({
      completed: false,
      approved: false,
      output_hash: HASH,
      partial_progress: { made: 7, wanted: 18 },
      duration_seconds: 90,
      error_message: null,
    });
    const job = { ...(await t.store.findJob(jobId, null))!, ...claim } as never;
    await settle(
      t.store,
      job,
      advance({ name: "audio", index: 3, count: 7, spec: { lane: "media" } } as never, OUTPUT),
      "video",
    );
    expect(await record()).toMatchObject({ completed: true, duration_seconds: 90 });

    await t.db.query(
      `update tasks set step_completion_metadata = task_step_changed(step_completion_metadata, 'video', '{"approved":true}') where id = $1`,
      [task.id],
    );
    await t.work.keepStep(claim, task.id, "video", { output_hash: HASH });
    expect(await record()).toMatchObject({ approved: true });
    await t.work.keepStep(claim, task.id, "video", { output_hash: "c".repeat(64) });
    expect(await record()).toMatchObject({ approved: false });
  });
});

describe("a task as stages see it", () => {
  it("comes with its channel; what is no task is not there", async () => {
    const task = await newTask(t, { narrationScripts: ["one", "two"], privacy: "unlisted" });
    expect(await t.work.openTask(task.id)).toEqual({
      id: task.id,
      ownerId: t.ownerId,
      runNo: 0,
      title: "Deep sea",
      topic: "What lives below",
      storyDirection: "Begin in the dark",
      priority: "normal",
      narrationScripts: ["one", "two"],
      sfxDescriptions: null,
      privacy: "unlisted",
      steps: {},
      channel: {
        id: t.channel.id,
        channelId: "poke",
        channelName: "The poke",
        quotaPool: "poke",
        config: t.channel.config,
      },
    });
    expect(await t.work.openTask(newId())).toBeUndefined();
    expect(await t.work.openTask("nothing")).toBeUndefined();
  });
});

describe("costs", () => {
  const cost = (costUsd: number | null, component = "kie_video", units = 1) => ({
    step: "video" as const,
    unit: "07",
    component,
    usage: { provider: "kie", calls: 1, units, costUsd },
  });

  it("are written although the claim is lost, and are in the sums at once", async () => {
    const { task, jobId } = await making();
    await t.work.keepCost(task.id, cost(0.42));
    await t.work.keepCost(task.id, cost(null));
    await expireLease(t.db, jobId);
    await Promise.all([t.work.keepCost(task.id, cost(0.1)), t.work.keepCost(task.id, cost(0.2))]);
    expect(await t.tasks.findTask(task.id, null)).toMatchObject({ totalCostUsd: 0.72, pipelineCostUsd: 0.72 });
    expect((await t.tasks.listRuns(task.id))[0]).toMatchObject({ costUsd: 0.72 });
    expect((await t.tasks.listCosts(task.id)).map(({ costUsd, runNo, unit }) => [costUsd, runNo, unit])).toEqual(
      expect.arrayContaining([
        [0.42, 1, "07"],
        [null, 1, "07"],
      ]),
    );
  });

  it("C-Q18 belong to the run they were spent in", async () => {
    const { task, jobId } = await making();
    await t.work.keepCost(task.id, cost(1.5));
    await t.db.query("update pipeline_jobs set lease_until = null where id = $1", [jobId]);
    await t.store.cancel({ jobId, ownerId: null, by: "carl", reason: null });
    await submitted(t.store, jobOf(task, "video"));
    await t.work.keepCost(task.id, cost(2));
    expect(await t.tasks.findTask(task.id, null)).toMatchObject({ totalCostUsd: 3.5, pipelineCostUsd: 2, runNo: 2 });
    expect((await t.tasks.listRuns(task.id)).map(({ costUsd }) => costUsd)).toEqual([1.5, 2]);
  });

  it("are summed by channel, component and period", async () => {
    const channel = await newChannel(t, "sums");
    const one = await newTask({ ...t, channel });
    const two = await newTask({ ...t, channel });
    const at = (taskId: string, when: string) =>
      t.db.query(
        "update task_costs set at = $2::text::timestamptz where task_id = $1 and at > now() - interval '1 hour'",
        [taskId, when],
      );
    await t.work.keepCost(one.id, cost(1));
    await at(one.id, "2026-03-01T23:59:59Z");
    await t.work.keepCost(one.id, cost(2));
    await t.work.keepCost(one.id, cost(null, "kie_video", 3));
    await at(one.id, "2026-03-02T00:00:00Z");
    await t.work.keepCost(two.id, cost(4, "gemini_assets"));
    await at(two.id, "2026-03-02T12:00:00Z");
    const sums = (by: "day" | "week" | "month" | "all", to = "2026-04-01T00:00:00Z") =>
      t.tasks.sumCosts({
        ownerId: t.ownerId,
        channelId: channel.id,
        from: new Date("2026-03-01T00:00:00Z"),
        to: new Date(to),
        by,
      });
    const line = { channel: "sums", component: "kie_video", tasks: 1, unpriced: 0 };
    expect(await sums("day")).toEqual([
      { ...line, period: "2026-03-01", costUsd: 1, apiCalls: 1, units: 1 },
      { ...line, component: "gemini_assets", period: "2026-03-02", costUsd: 4, apiCalls: 1, units: 1 },
      { ...line, period: "2026-03-02", costUsd: 2, apiCalls: 2, units: 4, unpriced: 1 },
    ]);
    // the first of March 2026 is a Sunday
    expect((await sums("week")).map(({ period, costUsd }) => [period, costUsd])).toEqual([
      ["2026-02-23", 1],
      ["2026-03-02", 4],
      ["2026-03-02", 2],
    ]);
    expect((await sums("month")).map(({ period, costUsd }) => [period, costUsd])).toEqual([
      ["2026-03-01", 4],
      ["2026-03-01", 3],
    ]);
    expect(await sums("all", "2026-03-02T00:00:00Z")).toEqual([
      { ...line, period: null, costUsd: 1, apiCalls: 1, units: 1 },
    ]);
    expect(await t.tasks.sumCosts({ ownerId: newId(), from: new Date(0), to: new Date(), by: "all" })).toEqual([]);
  });

  it("are what is left of a channel's budget", async () => {
    const channel = await newChannel(t, "budget");
    const task = await newTask({ ...t, channel });
    expect(await t.work.budgetOf(channel.id)).toEqual({ todayUsd: 0, weekUsd: 0, dailyUsd: 5, weeklyUsd: 20.5 });
    await t.work.keepCost(task.id, cost(1.25));
    await t.work.keepCost(task.id, cost(null));
    expect(await t.work.budgetOf(channel.id)).toMatchObject({ todayUsd: 1.25, weekUsd: 1.25 });
    await t.db.query("update task_costs set at = at - interval '7 days' where task_id = $1", [task.id]);
    expect(await t.work.budgetOf(channel.id)).toMatchObject({ todayUsd: 0, weekUsd: 0 });
    const free = await newChannel(t, "free", { config: { budget_daily_usd: null } });
    expect(await t.work.budgetOf(free.id)).toMatchObject({ dailyUsd: null, weeklyUsd: null });
  });
});

describe("uploads", () => {
  it("are counted by channel, task and day", async () => {
    const channel = await newChannel(t, "uploads");
    const [first, second] = [await newTask({ ...t, channel }), await newTask({ ...t, channel })];
    const usage = { provider: "youtube", calls: 1, units: 1, costUsd: 0 };
    const upload = { step: "upload", unit: "final", component: "youtube_upload", usage } as const;
    await t.work.keepCost(first.id, { ...upload, step: "video" });
    expect(await t.work.uploadsToday(channel.id)).toBe(0);
    for (const task of [first, first, second]) await t.work.keepCost(task.id, upload);
    expect(await t.work.uploadsToday(channel.id)).toBe(2);
    await t.db.query("update task_costs set at = at - interval '1 day' where task_id = $1", [first.id]);
    expect(await t.work.uploadsToday(channel.id)).toBe(1);
  });
});

describe("bytes that were published before", () => {
  it("are found in another task of the channel", async () => {
    const [first, second] = [await newTask(t), await newTask(t)];
    const elsewhere = await newTask({ ...t, channel: await newChannel(t, "elsewhere") });
    const sha256 = "d".repeat(64);
    await t.db.query(
      `insert into task_units (task_id, step, unit, input_hash, blob_key, media_type, sha256, bytes)
       select id, 'assembly', 'final', $2, 'k', 'video/mp4', $3, 1 from tasks where id = any ($1::uuid[])`,
      [`{${first.id},${second.id},${elsewhere.id}}`, HASH, sha256],
    );
    expect(await t.work.publishedElsewhere(second.id, sha256)).toBeNull();
    await t.db.query("update tasks set status = 'published' where id = $1", [first.id]);
    expect(await t.work.publishedElsewhere(second.id, sha256)).toBe(first.id);
    expect(await t.work.publishedElsewhere(first.id, sha256)).toBeNull();
    expect(await t.work.publishedElsewhere(elsewhere.id, sha256)).toBeNull();
    expect(await t.work.publishedElsewhere(second.id, HASH)).toBeNull();
  });
});
