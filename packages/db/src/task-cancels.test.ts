import { advance, cancelled, complete, retryLater } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { expireLease, newJob, OUTPUT, settle, submitted } from "./job-store.fixture.ts";
import type { TaskStep } from "./schema/tasks.ts";
import { ERROR, scenesOf, stepAfter } from "./task-moves.fixture.ts";
import { tasksUnderTest } from "./task-store.fixture.ts";

const t = tasksUnderTest();
const { queued, making, inReview, taskOf, hops } = scenesOf(t);

describe("C-Q02 a cancel", () => {
  const cancel = (jobId: string) => t.store.cancel({ jobId, ownerId: null, by: "carl", reason: "changed my mind" });

  it("of a queued task makes it a draft again", async () => {
    const { task, jobId } = await queued();
    await cancel(jobId);
    expect((await hops(task)).slice(1)).toEqual(["draft carl"]);
    expect(await taskOf(task.id)).toMatchObject({
      status: "draft",
      cancelledAt: expect.any(Date),
      cancelReason: "changed my mind",
    });
    expect((await t.tasks.listRuns(task.id))[0]).toMatchObject({ outcome: "draft" });
  });

  it.each<[TaskStep, string[]]>([
    ["assets", ["assets_ready worker-1", "asset_error carl", "queued carl", "draft carl"]],
    ["video", ["video_ready worker-1", "video_error carl", "queued carl", "draft carl"]],
    ["audio", ["audio_ready worker-1", "audio_error carl", "queued carl", "draft carl"]],
    ["assembly", ["assembly_ready worker-1", "final_review worker-1", "video_error carl", "queued carl", "draft carl"]],
  ])("at the gate of %s: the next run asks there again", async (step, expected) => {
    const { task, jobId } = await inReview(step);
    await cancel(jobId);
    expect((await hops(task)).slice(3)).toEqual(expected);
    expect((await taskOf(task.id)).stepCompletionMetadata).toMatchObject({ [step]: { completed: false } });
  });

  it.each<[TaskStep, string[]]>([
    ["video", ["queued carl", "draft carl"]],
    ["upload", ["approved carl", "queued carl", "draft carl"]],
  ])("of the making of %s is heard when the stage ends", async (step, expected) => {
    const { task, jobId, job } = await making(step);
    await cancel(jobId);
    expect((await hops(task)).length).toBe(3);
    await settle(t.store, job, cancelled(null));
    expect((await hops(task)).slice(3)).toEqual(expected);
  });

  it.each<[TaskStep, string[]]>([
    ["composites", ["composites_ready", "queued", "draft"]],
    ["video", ["video_ready", "video_error", "queued", "draft"]],
    ["assembly", ["assembly_ready", "final_review", "video_error", "queued", "draft"]],
  ])("that comes before %s is made does not skip what has to be asked there", async (step, expected) => {
    const { task, jobId, job } = await making(step);
    await cancel(jobId);
    await settle(t.store, job, advance(stepAfter(step), OUTPUT));
    expect((await hops(task)).slice(3).map((hop) => hop.split(" ")[0])).toEqual(expected);
    expect((await taskOf(task.id)).stepCompletionMetadata).toMatchObject({ [step]: { completed: false } });
  });

  it("that comes too late for the upload leaves the video published", async () => {
    const { task, jobId, job } = await making("upload");
    await cancel(jobId);
    await settle(t.store, job, complete(OUTPUT));
    expect(await taskOf(task.id)).toMatchObject({ status: "published", cancelledAt: null });
  });

  it("of what waits for another try", async () => {
    const { task, jobId, job } = await making("sfx");
    await settle(t.store, job, retryLater(60_000, ERROR));
    await cancel(jobId);
    expect((await hops(task)).slice(3)).toEqual(["queued carl", "draft carl"]);
    expect(await taskOf(task.id)).toMatchObject({ errorCode: null });
  });

  it("whose worker died", async () => {
    const { task, jobId } = await making("sfx");
    await cancel(jobId);
    await expireLease(t.db, jobId);
    await t.store.finishExpiredCancels(100);
    expect((await taskOf(task.id)).status).toBe("draft");
  });
});

describe("one statement that changes many jobs", () => {
  it("moves each task by its own job, and leaves other work alone", async () => {
    const tasks = await Promise.all(["assets", "video", "upload"].map((step) => queued(step as TaskStep)));
    const other = await submitted(t.store, newJob(t.ownerId));
    const jobIds = [...tasks.map(({ jobId }) => jobId), other.jobId];
    await t.db.query(
      `update pipeline_jobs set status = 'processing', fence = fence + 1, worker = 'w', lease_until = now() + interval '1 minute',
         started_at = now(), stage_started_at = now() where id = any ($1::uuid[])`,
      [`{${jobIds.join(",")}}`],
    );
    await t.db.query(
      `insert into job_events (job_id, event, from_status, to_status, stage, actor)
       select id, 'claim', 'pending', 'processing', stage, 'w' from pipeline_jobs where id = any ($1::uuid[])`,
      [`{${jobIds.join(",")}}`],
    );
    const statuses = await Promise.all(tasks.map(async ({ task }) => (await taskOf(task.id)).status));
    expect(statuses).toEqual(["generating_assets", "generating_video", "uploading"]);

    for (const jobId of jobIds) await t.store.cancel({ jobId, ownerId: null, by: "carl", reason: null });
    for (const jobId of jobIds) await expireLease(t.db, jobId);
    await t.store.finishExpiredCancels(100);
    for (const { task } of tasks) expect((await hops(task)).at(-1)).toBe("draft carl");
  });
});
