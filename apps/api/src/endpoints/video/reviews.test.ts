import { fail } from "@millrace/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../../test-api.fixture.ts";
import { FAILURE, makeChannel, makeTask, parkAfter } from "./video.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const read = async (id: string) => (await api.call("readTask", { params: { id } })).body;
const decide = (id: string, gate: string, body: Record<string, unknown>, key = api.keys.own) =>
  api.call("reviewTask", { params: { id, gate }, body: body as never, key });

/** A task that waits at the gate of its assets. */
async function atAssets(channel?: string, over = {}) {
  const task = await makeTask(api, channel ?? (await makeChannel(api)), { queue: true, ...over });
  await parkAfter(api, task.job.id, "assets", "assets");
  return { id: task.id as string, jobId: task.job.id as string };
}

/** As if these steps had been made, the task waits at this gate. */
async function waitingAfter(step: "video" | "assembly", gate: "video" | "final") {
  const task = await makeTask(api, await makeChannel(api), { queue: true });
  await api.sql("update pipeline_jobs set stage = $2 where id = $1::uuid", [task.job.id, step]);
  await parkAfter(api, task.job.id, step, gate);
  return { id: task.id as string, jobId: task.job.id as string };
}

describe("a review of a task", () => {
  it("C-Q23 sends an approved task on through approved to queued", async () => {
    const { id, jobId } = await atAssets();
    const { status, body } = await decide(id, "assets", { decision: "approved" });
    expect(status).toBe(200);
    expect(body).toEqual({ id, job_id: jobId, gate: "assets", decision: "approved", outcome: "applied" });
    const { body: history } = await api.call("listTaskTransitions", { params: { id } });
    expect(history.transitions.slice(-2)).toMatchObject([
      { from: "assets_ready", to: "assets_approved" },
      { from: "assets_approved", to: "queued" },
    ]);
    expect((await read(id)).steps[0]).toMatchObject({ step: "assets", completed: true, approved: true });
    expect((await decide(id, "assets", { decision: "approved" })).body).toMatchObject({ outcome: "already_decided" });
    expect((await decide(id, "assets", { decision: "rejected", comment: "no" })).status).toBe(409);
    expect(await api.audits()).toContainEqual(expect.objectContaining({ event: "audit.review", job_id: jobId }));
  });

  it("C2.4 rejects with a reason and with the clips that are to be made again", async () => {
    const { id, jobId } = await waitingAfter("video", "video");
    const refused = async (body: Record<string, unknown>) =>
      (await decide(id, "video", { decision: "rejected", ...body })).body.errors?.[0];
    expect(await refused({})).toMatchObject({ field: "comment", rule: "required" });
    expect(await refused({ comment: "dark", clips: [19] })).toMatchObject({ field: "clips", rule: "in_range" });
    expect(await refused({ comment: "dark", clips: [] })).toMatchObject({ field: "clips" });
    expect(await refused({ comment: "dark", step: "audio" })).toMatchObject({ field: "step", rule: "gate_step" });
    expect(await refused({ comment: "dark", units: ["../x"] })).toMatchObject({ field: "units[0]" });
    expect(await refused({ comment: "dark", units: ["77"] })).toMatchObject({ field: "units", rule: "known" });
    expect((await read(id)).status).toBe("video_ready");
    const { body } = await decide(id, "video", { decision: "rejected", comment: "clip 3 is dark", clips: [3, 3, 1] });
    expect(body).toMatchObject({ outcome: "applied", decision: "rejected" });
    expect(await read(id)).toMatchObject({ status: "video_error", error_code: "REVIEW_REJECTED" });
    const [gate] = await api.store.listGates(jobId);
    expect(gate?.reviews).toMatchObject([{ comment: "clip 3 is dark", details: { clips: [1, 3] } }]);
  });

  it("at the last gate has to say which step is to be made again", async () => {
    const { id } = await waitingAfter("assembly", "final");
    expect((await read(id)).status).toBe("final_review");
    const unsaid = await decide(id, "final", { decision: "rejected", comment: "the bees are wrong" });
    expect(unsaid.body.errors).toMatchObject([{ field: "step", rule: "required" }]);
    const said = { decision: "rejected", comment: "the bees are wrong", step: "assets" };
    expect((await decide(id, "final", said)).body).toMatchObject({ outcome: "applied" });
    expect((await read(id)).status).toBe("asset_error");
  });

  it("answers as the gate's policy says: role, how many, the first decision stands", async () => {
    const task = await makeTask(api, await makeChannel(api), { queue: true });
    const policy = { approvals: 2, roles: ["producer"], allowsSelfApproval: true };
    await parkAfter(api, task.job.id, "assets", { name: "assets", ...policy });
    const approve = (key?: string) => decide(task.id, "assets", { decision: "approved" }, key);
    expect((await approve()).status).toBe(403);
    const [ann, bob] = [await api.makeKey({ roles: ["producer"] }), await api.makeKey({ roles: ["producer"] })];
    expect((await approve(ann.key)).body).toMatchObject({ outcome: "counted", approvals_needed: 1 });
    expect((await approve(bob.key)).body).toMatchObject({ outcome: "applied" });
  });

  it("keeps a decision that comes before the task does, and takes none of a task at rest", async () => {
    const task = await makeTask(api, await makeChannel(api), { queue: true });
    expect((await decide(task.id, "assets", { decision: "approved" })).body).toMatchObject({ outcome: "kept" });
    const draft = await makeTask(api, await makeChannel(api));
    expect((await decide(draft.id, "final", { decision: "approved" })).body).toMatchObject({
      status: 409,
      from: "draft",
      to: "approved",
    });
    await api.settle(task.job.id, fail(FAILURE));
    const late = await decide(task.id, "video", { decision: "rejected", comment: "no" });
    expect(late.body).toMatchObject({ status: 409, from: "asset_error", to: "video_error" });
    expect((await decide(task.id, "sound", { decision: "approved" })).status).toBe(404);
  });
});

describe("POST /tasks/reviews", () => {
  const decideAll = (ids: string[], body: Record<string, unknown>, key = api.keys.own) =>
    api.call("reviewTasks", { body: { ids, ...body } as never, key });

  it("C2.4 decides about all of them", async () => {
    const channel = await makeChannel(api, { max_concurrent: 3 });
    const ids = [(await atAssets(channel)).id, (await atAssets(channel)).id];
    const { status, body } = await decideAll(ids, { decision: "approved" });
    expect({ status, body }).toEqual({ status: 200, body: { total: 2, success: 2, errors: [], failed_ids: [] } });
    for (const id of ids) expect((await read(id)).status).toBe("queued");
  });

  it("C2.4 decides about none when one cannot be decided so", async () => {
    const channel = await makeChannel(api, { max_concurrent: 3 });
    const waiting = await atAssets(channel);
    const draft = await makeTask(api, channel);
    const unknown = "0f8fad5b-d9cb-469f-a165-70867728950e";
    const { body } = await decideAll([waiting.id, draft.id, unknown], { decision: "approved" });
    expect(body).toMatchObject({ total: 3, success: 0, failed_ids: [draft.id, unknown] });
    expect(body.errors[0]).toMatchObject({ from: "draft" });
    expect((await decideAll([waiting.id], { decision: "rejected" })).body).toMatchObject({ success: 0 });
    expect((await read(waiting.id)).status).toBe("assets_ready");
    expect((await decideAll([waiting.id], { decision: "approved" }, api.keys.foreign)).body.success).toBe(0);
  });

  it("C2.4 decides about none when a gate's policy refuses one", async () => {
    const channel = await makeChannel(api, { max_concurrent: 3 });
    const open = await atAssets(channel);
    const task = await makeTask(api, channel, { queue: true });
    await parkAfter(api, task.job.id, "assets", { name: "assets", roles: ["producer"] });
    const { body } = await decideAll([open.id, task.id], { decision: "approved" });
    expect(body).toMatchObject({ success: 0, failed_ids: [task.id] });
    expect((await read(open.id)).status).toBe("assets_ready");
  });

  it("takes tasks of one channel, and at most a hundred", async () => {
    const ids = [(await atAssets()).id, (await atAssets()).id];
    const { body } = await decideAll(ids, { decision: "approved" });
    expect(body.errors).toMatchObject([{ field: "ids", rule: "one_channel" }]);
    const many = Array.from({ length: 101 }, () => crypto.randomUUID());
    expect((await decideAll(many, { decision: "approved" })).body.errors).toMatchObject([{ field: "ids" }]);
  });
});
