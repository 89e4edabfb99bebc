import {
  advance,
  complete,
  fail,
  gateOf,
  handOver,
  interrupt,
  parkForQuota,
  parkForReview,
  parkUntil,
  retryLater,
  waitForTurn,
} from "@millrace/core";
import { describe, expect, it } from "vitest";
import { claimed, expireLease, HOLDER, OUTPUT, settle, submitted } from "./job-store.fixture.ts";
import { TASK_STEPS, type TaskStep } from "./schema/tasks.ts";
import { atGate, ERROR, gateAfter, scenesOf, stepAfter } from "./task-moves.fixture.ts";
import { jobOf, newTask, tasksUnderTest } from "./task-store.fixture.ts";

const t = tasksUnderTest();
const { queued, making, inReview, decide, taskOf, hops } = scenesOf(t);

const QUOTA = { service: "youtube", pool: "poke", units: 1600 };

async function keepUnits(jobId: string, fence: number, taskId: string, step: TaskStep, units: string[]): Promise<void> {
  for (const unit of units) {
    const kept = await t.work.keepUnit({ jobId, fence }, taskId, {
      step,
      unit,
      take: 1,
      inputHash: "0".repeat(64),
      blobKey: `o/video/${taskId}/${step}/${unit}.mp4`,
      mediaType: "video/mp4",
      sha256: "1".repeat(64),
      bytes: 10,
      seconds: 10,
    });
    expect(kept).toBe(true);
  }
}

describe("a task whose job is accepted", () => {
  it("C-Q18 is queued, with a run of its own", async () => {
    const { task, jobId } = await queued();
    const row = await taskOf(task.id);
    expect(row).toMatchObject({ status: "queued", runNo: 1, job: { id: jobId, status: "pending", stage: "assets" } });
    expect(await hops(task)).toEqual(["queued somebody"]);
    expect(await t.tasks.listRuns(task.id)).toEqual([
      expect.objectContaining({ runNo: 1, jobId, fromStep: "assets", queuedBy: "somebody", outcome: null }),
    ]);
  });

  it("is not moved by a job of another owner, nor by a key that is no task's", async () => {
    const task = await newTask(t);
    const [other] = await t.db.query<{ id: string }>(
      "insert into owners (id, name) values (gen_random_uuid(), 'other') returning id",
    );
    await submitted(t.store, { ...jobOf(task), ownerId: other!.id });
    await submitted(t.store, { ...jobOf(task), resourceKey: "task:nothing" });
    await submitted(t.store, { ...jobOf(task), stage: "nothing" });
    expect(await taskOf(task.id)).toMatchObject({ status: "draft", runNo: 0, job: null });
  });
});

describe("a claim", () => {
  it.each(TASK_STEPS)("C-S12 leads a queued task through claimed to the making of %s", async (step) => {
    const { task } = await making(step);
    const [, claim, make] = await hops(task);
    expect([claim, make]).toEqual([`claimed ${HOLDER.worker}`, `${(await taskOf(task.id)).status} ${HOLDER.worker}`]);
    expect((await t.tasks.listRuns(task.id))[0]).toMatchObject({ startedAt: expect.any(Date) });
    expect((await taskOf(task.id)).pipelineStartTime).toEqual(expect.any(Date));
  });

  it("C-Q15 after a lost lease keeps the state", async () => {
    const { task, jobId } = await making("video");
    await expireLease(t.db, jobId);
    await claimed(t.store, jobId);
    expect((await hops(task)).length).toBe(3);
  });

  it("of a stage that was interrupted keeps the state", async () => {
    const { task, jobId, job } = await making("video");
    await settle(t.store, job, interrupt("shutdown"));
    await claimed(t.store, jobId);
    expect((await hops(task)).length).toBe(3);
  });
});

describe("a stage that is being made", () => {
  it("C-S40 holds no transaction and locks nothing: claimed, closed, worked, opened again, written", async () => {
    const { task, jobId } = await making("video");
    const open = await t.db.query(
      "select 1 from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
    );
    expect(open).toEqual([]);
    await t.db.transaction(async (query) => {
      await query("select 1 from pipeline_jobs where id = $1 for update nowait", [jobId]);
      await query("select 1 from tasks where id = $1 for update nowait", [task.id]);
    });
  });
});

describe("a stage that was made", () => {
  it.each<[TaskStep, string[]]>([
    ["assets", ["assets_ready", "assets_approved", "generating_composites"]],
    ["composites", ["composites_ready", "generating_video"]],
    ["video", ["video_ready", "video_approved", "generating_audio"]],
    ["audio", ["audio_ready", "audio_approved", "generating_sfx"]],
    ["sfx", ["sfx_ready", "assembling"]],
  ])("C-S12 %s goes on to the next one under the same claim", async (step, expected) => {
    const { task, job } = await making(step);
    await settle(t.store, job, advance(stepAfter(step), OUTPUT));
    expect((await hops(task)).slice(3).map((hop) => hop.split(" ")[0])).toEqual(expected);
    expect((await taskOf(task.id)).stepCompletionMetadata).toMatchObject({
      [step]: { completed: true, approved: false, error_message: null, duration_seconds: expect.any(Number) },
    });
  });

  it("is handed over to the lane of the upload", async () => {
    const { task, jobId, job } = await making("assembly");
    await settle(t.store, job, handOver(stepAfter("assembly"), OUTPUT));
    expect((await hops(task)).slice(3)).toEqual([
      "assembly_ready worker-1",
      "final_review worker-1",
      "approved system",
    ]);
    await claimed(t.store, jobId);
    expect((await hops(task)).slice(6)).toEqual(["uploading worker-1"]);
  });

  it.each<[TaskStep, string[]]>([
    ["assets", ["assets_ready", "assets_approved", "queued"]],
    ["composites", ["composites_ready", "queued"]],
    ["video", ["video_ready", "video_approved", "queued"]],
    ["audio", ["audio_ready", "audio_approved", "queued"]],
    ["sfx", ["sfx_ready", "queued"]],
    ["assembly", ["assembly_ready", "final_review", "approved", "queued"]],
  ])("%s waits for the turn of the next one", async (step, expected) => {
    const { task, job } = await making(step);
    await settle(t.store, job, waitForTurn(stepAfter(step), QUOTA, OUTPUT));
    expect((await hops(task)).slice(3).map((hop) => hop.split(" ")[0])).toEqual(expected);
  });

  it("publishes at the end", async () => {
    const { task, jobId, job } = await making("upload");
    await t.work.keepPublished({ jobId, fence: job.fence }, task.id, { url: "https://youtu.be/1", videoId: "1" });
    await settle(t.store, job, complete(OUTPUT));
    const row = await taskOf(task.id);
    expect(row).toMatchObject({ status: "published", youtubeUrl: "https://youtu.be/1", errorCode: null });
    expect(row.pipelineEndTime!.getTime() - row.pipelineStartTime!.getTime()).toBeCloseTo(
      row.pipelineDurationSeconds! * 1000,
      0,
    );
    expect((await t.tasks.listRuns(task.id))[0]).toMatchObject({ outcome: "published", finishedAt: expect.any(Date) });
    expect(row.stepCompletionMetadata).toMatchObject({ upload: { completed: true } });
  });
});

describe("a gate", () => {
  it.each<[TaskStep, string[], string]>([
    ["assets", ["assets_ready"], "assets_approved"],
    ["video", ["video_ready"], "video_approved"],
    ["audio", ["audio_ready"], "audio_approved"],
    ["assembly", ["assembly_ready", "final_review"], "approved"],
  ])("C-Q23 after %s: ready, approved, queued, each in the record", async (step, ready, approved) => {
    const { task, jobId } = await inReview(step);
    const parked = await taskOf(task.id);
    expect(parked).toMatchObject({ status: ready.at(-1), reviewStartedAt: expect.any(Date), reviewCompletedAt: null });
    await decide(jobId, "approved", { gate: gateAfter(step).name, comment: "fine" });
    expect((await hops(task)).slice(3)).toEqual([
      ...ready.map((status) => `${status} worker-1`),
      `${approved} rita`,
      "queued system",
    ]);
    const row = await taskOf(task.id);
    expect(row).toMatchObject({ status: "queued", reviewCompletedAt: expect.any(Date) });
    expect(row.stepCompletionMetadata).toMatchObject({ [step]: { completed: true, approved: true } });
    // C-Q05: goes on where it stands, not at the beginning
    await t.store.dispatch("media", 100);
    await t.store.dispatch("io", 100);
    expect((await claimed(t.store, jobId)).stage).toBe(stepAfter(step).name);
    expect((await hops(task)).at(-2)).toBe("claimed worker-1");
  });

  it("that was decided early lets the task pass, by the one who decided", async () => {
    const { task, jobId, job } = await making("video");
    await decide(jobId, "approved", { gate: "video" });
    await settle(t.store, job, atGate("video"));
    expect((await hops(task)).slice(3)).toEqual(["video_ready worker-1", "video_approved rita", "queued system"]);
    expect((await taskOf(task.id)).stepCompletionMetadata).toMatchObject({
      video: { completed: true, approved: true },
    });
  });

  it("that was rejected early ends the run", async () => {
    const { task, jobId, job } = await making("assembly");
    await decide(jobId, "rejected", { gate: "final", comment: "no", details: { step: "sfx" } });
    await settle(t.store, job, atGate("assembly"));
    expect((await hops(task)).slice(3)).toEqual([
      "assembly_ready worker-1",
      "final_review worker-1",
      "audio_error rita",
    ]);
    expect(await taskOf(task.id)).toMatchObject({ errorStep: "sfx", errorCode: "REVIEW_REJECTED" });
  });

  it("C-Q04 rejects single clips: they are made again, their step and the later ones are not done", async () => {
    const { task, jobId, job } = await making("video");
    await keepUnits(jobId, job.fence, task.id, "video", ["06", "07", "18"]);
    await t.work.keepStep({ jobId, fence: job.fence }, task.id, "audio", { output_hash: "a" });
    await settle(t.store, job, atGate("video"));
    await decide(jobId, "rejected", { gate: "video", comment: "too dark", details: { clips: [7, 18] } });
    expect((await hops(task)).at(-1)).toBe("video_error rita");
    const units = await t.work.unitsOf(task.id);
    expect(units.map(({ unit, isRejected }) => [unit, isRejected])).toEqual([
      ["06", false],
      ["07", true],
      ["18", true],
    ]);
    const row = await taskOf(task.id);
    expect(row).toMatchObject({
      status: "video_error",
      errorStep: "video",
      errorCode: "REVIEW_REJECTED",
      stepCompletionMetadata: { video: { completed: false, approved: false, error_message: "too dark" } },
    });
    expect(row.errorLog).toMatch(/^\[\d{4}-.*Z\] Millrace: video: too dark \(REVIEW_REJECTED, attempt 1, final\)$/);
    expect((await t.tasks.listRuns(task.id))[0]).toMatchObject({
      outcome: "video_error",
      errorCode: "REVIEW_REJECTED",
    });
    expect(await t.tasks.planRun(task.id, t.ownerId, { isAdmin: false })).toMatchObject({ kind: "planned" });
  });

  it.each<[TaskStep, string]>([
    ["assets", "asset_error"],
    ["composites", "asset_error"],
    ["video", "video_error"],
    ["audio", "audio_error"],
    ["sfx", "audio_error"],
    ["assembly", "video_error"],
  ])("the last one sends back to %s", async (step, expected) => {
    const { task, jobId } = await inReview("assembly");
    await decide(jobId, "rejected", { gate: "final", details: { step, units: ["01"] } });
    expect(await taskOf(task.id)).toMatchObject({ status: expected, errorStep: step });
  });

  it("that nobody decided at in time asks again in the next run", async () => {
    const { task, jobId, job } = await making("assets");
    const gate = gateOf({ name: "assets", expiresInMs: 0, onExpiry: "reject" });
    await keepUnits(jobId, job.fence, task.id, "assets", ["props/01"]);
    await settle(t.store, job, parkForReview(gate, stepAfter("assets"), OUTPUT));
    await t.store.expireGates(100);
    expect((await hops(task)).slice(-2)).toEqual(["assets_ready worker-1", "asset_error system"]);
    expect(await t.tasks.planRun(task.id, null, { isAdmin: false })).toMatchObject({ fromStep: "assets" });
    expect((await t.work.unitsOf(task.id))[0]).toMatchObject({ isRejected: false });
  });

  it("that nobody decided at in time may cancel", async () => {
    const { task, job } = await making("audio");
    const gate = gateOf({ name: "audio", expiresInMs: 0, onExpiry: "cancel" });
    await settle(t.store, job, parkForReview(gate, stepAfter("audio"), OUTPUT));
    await t.store.expireGates(100);
    expect((await hops(task)).slice(-3)).toEqual(["audio_error system", "queued system", "draft system"]);
  });
});

describe("a wait", () => {
  it("C-Q14 for another try keeps the state, and says which try and when", async () => {
    const { task, jobId, job } = await making("video");
    await settle(t.store, job, retryLater(60_000, ERROR));
    const row = await taskOf(task.id);
    expect(row).toMatchObject({
      status: "generating_video",
      errorStep: "video",
      errorCode: ERROR.code,
      job: { waitingFor: "retry", retryAttempt: 1, maxRetries: 3, nextRetryAt: expect.any(Date) },
    });
    expect(await t.tasks.listErrors(task.id)).toEqual([
      expect.objectContaining({
        step: "video",
        code: ERROR.code,
        message: "the provider is down",
        attempt: 1,
        isTransient: true,
        nextRetryAt: row.job!.nextRetryAt,
      }),
    ]);
    expect(row.errorLog).toContain(`next try ${row.job!.nextRetryAt!.toISOString()}`);
    // the way back through the line is none of the task's
    await t.db.query("update pipeline_jobs set next_retry_at = now() where id = $1", [jobId]);
    await t.store.dispatch("media", 100);
    const again = await claimed(t.store, jobId);
    await settle(t.store, again, advance(stepAfter("video"), OUTPUT));
    expect((await hops(task)).length).toBe(6);
    expect(await taskOf(task.id)).toMatchObject({ status: "generating_audio", errorCode: null, errorStep: null });
  });

  it("that a stage asked for is no error", async () => {
    const { task, job } = await making("video");
    await settle(t.store, job, parkUntil(1000, "poll"));
    expect(await t.tasks.listErrors(task.id)).toEqual([]);
    expect((await taskOf(task.id)).status).toBe("generating_video");
  });

  it.each<[TaskStep, string[]]>([
    ["video", ["queued worker-1"]],
    ["upload", ["approved worker-1", "queued worker-1"]],
  ])("C-Q13 of %s for a quota gives the task back to the queue", async (step, expected) => {
    const { task, jobId, job } = await making(step);
    await settle(t.store, job, parkForQuota(0, { ...ERROR, message: "no units left" }));
    expect((await hops(task)).slice(3)).toEqual(expected);
    expect((await t.tasks.listTransitions(task.id)).at(-1)!.reason).toBe("no units left");
    expect(await t.tasks.listErrors(task.id)).toEqual([]);
    await t.store.dispatch("media", 100);
    await t.store.dispatch("io", 100);
    await claimed(t.store, jobId);
    expect((await hops(task)).slice(-2)[0]).toBe("claimed worker-1");
  });
});

describe("a failure", () => {
  it.each<[TaskStep, string]>([
    ["assets", "asset_error"],
    ["composites", "asset_error"],
    ["video", "video_error"],
    ["audio", "audio_error"],
    ["sfx", "audio_error"],
    ["assembly", "video_error"],
    ["upload", "upload_error"],
  ])("C-Q04 C-S13 of %s leads to its error, which keeps the step, and back to that step", async (step, status) => {
    const { task, job } = await making(step);
    await settle(t.store, job, fail({ ...ERROR, stage: step }));
    const row = await taskOf(task.id);
    expect(row).toMatchObject({ status, errorStep: step, errorCode: ERROR.code });
    expect(row.stepCompletionMetadata).toMatchObject({
      [step]: { completed: false, error_message: "the provider is down" },
    });
    expect((await t.tasks.listRuns(task.id))[0]).toMatchObject({ outcome: status, errorStep: step });
    const { jobId } = await submitted(t.store, jobOf(row, step));
    await claimed(t.store, jobId);
    expect((await hops(task)).slice(-3).map((hop) => hop.split(" ")[0])).toEqual([
      "queued",
      "claimed",
      (await hops(task))[2]!.split(" ")[0],
    ]);
    expect(await taskOf(task.id)).toMatchObject({ runNo: 2, errorCode: null, errorStep: null, pipelineEndTime: null });
  });

  it("of a job that never began", async () => {
    const { task, jobId } = await queued("audio");
    await t.db.query(
      "update pipeline_jobs set status = 'failed', error_code = 'WORKER_LOST', finished_at = now() where id = $1",
      [jobId],
    );
    await t.db.query(
      "insert into job_events (job_id, event, from_status, to_status, stage, fence, actor) values ($1, 'fail', 'processing', 'failed', 'audio', 0, 'test')",
      [jobId],
    );
    expect(await taskOf(task.id)).toMatchObject({ status: "audio_error", errorCode: "WORKER_LOST" });
  });
});
