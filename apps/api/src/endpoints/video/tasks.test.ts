import { routes, TASK_STATUSES, VIDEO_STEPS } from "@millrace/contracts";
import { fail, type JsonObject } from "@millrace/core";
import { TASK_STATUSES as STATES, VIDEO_STEPS as STEPS } from "@millrace/pipelines";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../../test-api.fixture.ts";
import { FAILURE, makeChannel, makeTask, pageId, parkAfter } from "./video.fixture.ts";

let api: TestApi;
let channel: string;
beforeAll(async () => {
  api = await startTestApi();
  channel = await makeChannel(api);
});
afterAll(() => api.close());

const fieldsOf = (body: { errors?: { field: string }[] }) => body.errors?.map(({ field }) => field);
const read = async (id: string) => (await api.call("readTask", { params: { id } })).body;
const transitionsOf = async (id: string) => {
  const { body } = await api.call("listTaskTransitions", { params: { id } });
  return body.transitions.map(({ to }: { to: string }) => to);
};

it("the contract names the states and steps of the lifecycle, in its order", () => {
  expect(TASK_STATUSES).toEqual(STATES);
  expect(VIDEO_STEPS).toEqual(STEPS);
});

describe("POST /tasks", () => {
  it("C-S30 makes a draft of normal priority", async () => {
    const notion_page_id = pageId();
    const task = await makeTask(api, channel, { notion_page_id });
    expect(task).toMatchObject({
      channel,
      status: "draft",
      priority: "normal",
      run_no: 0,
      owner_id: api.ownerId,
      error_log: null,
      youtube_url: null,
      job: null,
    });
    expect(task.steps).toHaveLength(7);
    expect(await transitionsOf(task.id)).toEqual(["draft"]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["a title of 256 characters", { title: "x".repeat(256) }, "title"],
    ["no title", { title: " " }, "title"],
    ["a topic of 501 characters", { topic: "x".repeat(501) }, "topic"],
    ["a page id of 31 characters", { notion_page_id: "a".repeat(31) }, "notion_page_id"],
    ["a page id that is not hexadecimal", { notion_page_id: "g".repeat(32) }, "notion_page_id"],
    ["an unknown priority", { priority: "urgent" }, "priority"],
    ["an unknown privacy", { privacy: "secret" }, "privacy"],
    ["no texts at all", { narration_scripts: [] }, "narration_scripts"],
    ["an empty text", { sfx_descriptions: ["wind", ""] }, "sfx_descriptions[1]"],
    ["61 texts", { narration_scripts: Array(61).fill("x") }, "narration_scripts"],
    ["texts that do not go together", { narration_scripts: ["a", "b"], sfx_descriptions: ["c"] }, "sfx_descriptions"],
    ["a channel nobody has", { channel_id: "nobodys" }, "channel_id"],
    ["a status", { status: "published" }, "status"],
  ])("C-S30 refuses %s", async (_name, over, field) => {
    const body = { channel_id: channel, title: "Bees", topic: "home", ...over };
    const { status, body: problem } = await api.call("createTask", { body: body as never });
    expect(status).toBe(400);
    expect(fieldsOf(problem)).toEqual([field]);
  });

  it("takes the priority of its channel, and the channel by its uuid, too", async () => {
    const short = await makeChannel(api, { priority: "high" });
    const { body } = await api.call("readVideoChannel", { params: { channel_id: short } });
    expect(await makeTask(api, body.id)).toMatchObject({ priority: "high", channel: short, channel_id: body.id });
    expect(await makeTask(api, short, { priority: "low" })).toMatchObject({ priority: "low" });
  });

  it("C-Q16 keeps a page's id as 32 digits and refuses the page a second time, naming its task", async () => {
    const written = pageId();
    const task = await makeTask(api, channel, { notion_page_id: written.toUpperCase() });
    expect(task.notion_page_id).toBe(written.replaceAll("-", ""));
    const again = { channel_id: channel, title: "Bees", topic: "home", notion_page_id: task.notion_page_id };
    const { status, body } = await api.call("createTask", { body: again });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: "CONFLICT", task_id: task.id });
  });

  it("queues it at once where asked to", async () => {
    const task = await makeTask(api, channel, { queue: true });
    expect(task).toMatchObject({ status: "queued", run_no: 1, job: { status: "pending", stage: "assets" } });
    expect(task.job.why).toBe(`/api/v1/jobs/${task.job.id}/why`);
    const idle = await makeChannel(api, { is_active: false });
    const body = { channel_id: idle, title: "Bees", topic: "home", queue: true };
    expect((await api.call("createTask", { body })).status).toBe(409);
    expect((await api.call("listTasks", { query: { channel: idle } })).body.tasks).toEqual([]);
  });
});

describe("GET /tasks", () => {
  it("pages through them, newest first, and filters", async () => {
    const own = await makeChannel(api);
    const made = [];
    for (const priority of ["high", "low", "low"]) made.push((await makeTask(api, own, { priority })).id);
    await api.call("queueTask", { params: { id: made[0] } });
    const list = async (query: Record<string, unknown>) =>
      (await api.call("listTasks", { query: { channel: own, ...query } })).body;
    const first = await list({ limit: 2 });
    expect(first.tasks.map(({ id }: { id: string }) => id)).toEqual([made[2], made[1]]);
    const second = await list({ limit: 2, cursor: first.next_cursor });
    expect(second).toMatchObject({ tasks: [{ id: made[0] }], next_cursor: null });
    expect((await list({ status: ["draft"] })).tasks).toHaveLength(2);
    expect((await list({ status: ["draft", "queued"], priority: "high" })).tasks).toHaveLength(1);
    const { body: counts } = await api.call("countTasks", { query: { channel: own } });
    expect(counts).toMatchObject({ total: 3, by_status: { draft: 2, queued: 1, published: 0 } });
    expect((await api.call("listTasks", { query: { status: "done" } })).status).toBe(400);
  });

  const ofATask = Object.entries(routes).filter(([, { path }]) => path.startsWith("/api/v1/tasks/{id}"));
  const BODIES: Readonly<Record<string, JsonObject>> = {
    updateTask: { priority: "high" },
    reviewTask: { decision: "approved" },
    createTaskFileLink: { step: "video", unit: "07" },
  };

  it.each(ofATask.map(([id]) => id as "readTask"))(
    "%s knows neither another's task nor one that cannot be",
    async (id) => {
      expect(ofATask.length).toBeGreaterThan(15);
      const task = await makeTask(api, channel);
      const body = BODIES[id];
      const ask = (taskId: string, key: string) =>
        api.call(id, {
          params: { id: taskId, gate: "assets", step: "video", folder: "characters", unit: "07" },
          key,
          ...(body && { body }),
        });
      const foreign = await ask(task.id, api.keys.foreign);
      const unknown = await ask("0f8fad5b-d9cb-469f-a165-70867728950e", api.keys.own);
      expect(foreign.status).toBe(404);
      expect({ ...foreign.body, request_id: "" }).toEqual({ ...unknown.body, request_id: "" });
      for (const impossible of ["nonsense", "1", "%00"]) {
        expect((await ask(impossible, api.keys.own)).status, impossible).toBe(404);
      }
      expect(await read(task.id)).toMatchObject({ status: "draft", priority: "normal" });
    },
  );

  it("makes no task in another's channel", async () => {
    const theirs = { channel_id: channel, title: "x", topic: "x" };
    expect((await api.call("createTask", { body: theirs, key: api.keys.foreign })).status).toBe(400);
  });

  it("asks for the scopes of tasks", async () => {
    const { key } = await api.makeKey({ scopes: ["tasks:read"] });
    expect((await api.call("listTasks", { key })).status).toBe(200);
    const body = { channel_id: channel, title: "x", topic: "x" };
    expect((await api.call("createTask", { key, body })).status).toBe(403);
  });
});

describe("PATCH /tasks/{id}", () => {
  it("C-S31 changes what is said and leaves out what is null", async () => {
    const task = await makeTask(api, channel, { narration_scripts: ["a", "b"] });
    const { status, body } = await api.call("updateTask", {
      params: { id: task.id },
      body: { title: "Wasps", topic: null, youtube_url: "https://youtu.be/x", status: null, narration_scripts: null },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      title: "Wasps",
      topic: task.topic,
      youtube_url: "https://youtu.be/x",
      status: "draft",
      narration_scripts: null,
    });
    expect(Date.parse(body.updated_at)).toBeGreaterThan(Date.parse(task.updated_at));
  });

  it("keeps as many sounds as narrations, whichever of them changes", async () => {
    const { id } = await makeTask(api, channel, { narration_scripts: ["a", "b"] });
    const patch = (body: Record<string, unknown>) => api.call("updateTask", { params: { id }, body: body as never });
    expect((await patch({ sfx_descriptions: ["x"] })).body.errors).toMatchObject([{ field: "sfx_descriptions" }]);
    expect((await patch({ sfx_descriptions: ["x", "y"] })).status).toBe(200);
    expect((await patch({ narration_scripts: ["a"] })).status).toBe(400);
    expect((await patch({ narration_scripts: ["a"], sfx_descriptions: null })).status).toBe(200);
  });

  it("C-Q19 appends to the error log", async () => {
    const task = await makeTask(api, channel);
    for (const error_log of ["first", "second"])
      await api.call("updateTask", { params: { id: task.id }, body: { error_log } });
    expect((await read(task.id)).error_log).toBe("first\nsecond");
  });

  it("C-Q20 changes the priority, of a queued task's job too", async () => {
    const task = await makeTask(api, channel, { queue: true });
    await api.call("updateTask", { params: { id: task.id }, body: { priority: "high" } });
    expect(await read(task.id)).toMatchObject({ priority: "high", status: "queued" });
    expect((await api.store.findJob(task.job.id, null))?.priority).toBe("high");
  });

  it("queues and takes out of the queue by status, and refuses every other status naming both", async () => {
    const { id } = await makeTask(api, channel);
    const set = (status: string) => api.call("updateTask", { params: { id }, body: { status } as never });
    expect((await set("draft")).body).toMatchObject({ status: 409, from: "draft", to: "draft" });
    expect((await set("assets_approved")).body).toMatchObject({ status: 409, from: "draft", to: "assets_approved" });
    expect((await set("queued")).body).toMatchObject({ status: "queued", run_no: 1 });
    expect((await set("queued")).body).toMatchObject({ status: 409, from: "queued", to: "queued" });
    expect((await set("draft")).body).toMatchObject({ status: "draft" });
    expect(await transitionsOf(id)).toEqual(["draft", "queued", "draft"]);
  });

  it("changes texts at rest only, and nothing when any of it is refused", async () => {
    const { id } = await makeTask(api, channel, { queue: true });
    const patch = (body: Record<string, unknown>) => api.call("updateTask", { params: { id }, body: body as never });
    expect((await patch({ title: "Other", priority: "low" })).body).toMatchObject({ status: 409, from: "queued" });
    expect((await patch({ error_log: "note", status: "published" })).status).toBe(409);
    expect(await read(id)).toMatchObject({ title: "Bees", priority: "normal", error_log: null });
    expect((await patch({ error_log: "note" })).status).toBe(200);
  });
});

describe("queue, retry, unqueue, cancel", () => {
  const act = (what: "queueTask" | "retryTask" | "unqueueTask" | "cancelTask", id: string, key = api.keys.own) =>
    api.call(what, { params: { id }, key });

  it("queues a draft once: then it says which job it has", async () => {
    const { id } = await makeTask(api, channel);
    const { status, body } = await act("queueTask", id);
    expect(status).toBe(202);
    expect(body).toMatchObject({ id, from_step: "assets" });
    const again = await act("queueTask", id);
    expect(again.body).toMatchObject({ status: 409, from: "queued", to: "queued", job_id: body.job_id });
    expect(await read(id)).toMatchObject({ status: "queued", job: { id: body.job_id } });
    const job = await api.store.findJob(body.job_id, null);
    expect(job?.input).toMatchObject({ task_id: id, scale: { assets: 22, clips: 18, seconds: 90 } });
    expect(job).toMatchObject({ pipeline: "video", resourceKey: `task:${id}` });
  });

  it("gives a task two people queue at once one job only", async () => {
    const { id } = await makeTask(api, channel);
    const answers = await Promise.all(Array.from({ length: 5 }, () => act("queueTask", id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409]);
    expect((await api.call("listTaskRuns", { params: { id } })).body.runs).toHaveLength(1);
  });

  it("takes a task out of the queue, and not while it is made", async () => {
    const { id } = await makeTask(api, await makeChannel(api));
    expect((await act("unqueueTask", id)).body).toMatchObject({ status: 409, from: "draft", to: "draft" });
    const { body: queued } = await act("queueTask", id);
    const { status, body } = await act("unqueueTask", id);
    expect({ status, body }).toEqual({ status: 202, body: { id, job_id: queued.job_id, cancelled: true } });
    expect(await read(id)).toMatchObject({ status: "draft", job: { status: "cancelled" } });
    const { body: second } = await act("queueTask", id);
    await api.claim(second.job_id);
    expect((await act("unqueueTask", id)).body).toMatchObject({ status: 409, from: "generating_assets", to: "draft" });
    expect((await act("cancelTask", id)).body).toMatchObject({ cancelled: false, job_id: second.job_id });
  });

  it("cancels what waits for people, back to draft with the reason", async () => {
    const { id, job } = await makeTask(api, await makeChannel(api), { queue: true });
    await parkAfter(api, job.id, "assets", "assets");
    expect(await read(id)).toMatchObject({ status: "assets_ready", job: { waiting_for: "review", gate: "assets" } });
    const { body } = await api.call("cancelTask", { params: { id }, body: { reason: "not this week" } });
    expect(body).toMatchObject({ cancelled: true });
    expect(await read(id)).toMatchObject({ status: "draft", cancel_reason: "not this week" });
    expect((await act("cancelTask", id)).body).toMatchObject({ status: 409, from: "draft", to: "draft" });
  });

  it("tries again what failed, from the step that failed, and nothing else", async () => {
    const { id, job } = await makeTask(api, await makeChannel(api), { queue: true });
    expect((await act("retryTask", id)).body).toMatchObject({ status: 409, job_id: job.id });
    await api.settle(job.id, fail(FAILURE));
    expect(await read(id)).toMatchObject({ status: "asset_error", error_step: "assets", error_code: "MEDIA_REFUSED" });
    const { body: errors } = await api.call("listTaskErrors", { params: { id } });
    expect(errors.errors).toMatchObject([{ step: "assets", code: "MEDIA_REFUSED", is_transient: false }]);
    const { status, body } = await api.call("retryTask", { params: { id }, body: { step: "upload" } });
    expect(status).toBe(202);
    expect(body).toMatchObject({ from_step: "assets" });
    expect(await read(id)).toMatchObject({ status: "queued", run_no: 2 });
    const { body: runs } = await api.call("listTaskRuns", { params: { id } });
    expect(runs.runs.map(({ outcome }: { outcome: string | null }) => outcome)).toContain("asset_error");
    expect((await act("retryTask", (await makeTask(api, channel)).id)).body).toMatchObject({ from: "draft" });
  });

  it("begins at the first step again when there is another number of clips to make", async () => {
    const { id, job } = await makeTask(api, await makeChannel(api), { queue: true });
    await api.settle(job.id, fail(FAILURE));
    const done = (step: string) => [step, { completed: true, approved: true }];
    const steps = JSON.stringify(Object.fromEntries(["assets", "composites", "video"].map(done)));
    await api.sql("update tasks set step_completion_metadata = $2::text::jsonb where id = $1::uuid", [id, steps]);
    const retried = await act("retryTask", id);
    expect(retried.body).toMatchObject({ from_step: "audio" });
    await api.settle(retried.body.job_id, fail(FAILURE));
    await api.call("updateTask", { params: { id }, body: { narration_scripts: ["one", "two"] } });
    const again = await act("retryTask", id);
    expect(again.body).toMatchObject({ from_step: "assets" });
    expect((await api.store.findJob(again.body.job_id, null))?.input).toMatchObject({
      scale: { clips: 2, seconds: 10 },
    });
  });

  it("queues a published task again for admins only", async () => {
    const { id } = await makeTask(api, channel);
    await api.sql("update tasks set status = 'published' where id = $1::uuid", [id]);
    expect((await act("queueTask", id)).body).toMatchObject({ status: 409, from: "published", to: "queued" });
    expect((await act("queueTask", id, api.keys.admin)).status).toBe(202);
    expect(await transitionsOf(id)).toEqual(["draft", "queued"]);
  });

  it("C2.5 queues twenty tasks at once, each by itself", async () => {
    const own = await makeChannel(api);
    const tasks = await Promise.all(Array.from({ length: 20 }, () => makeTask(api, own)));
    const ids: string[] = tasks.map(({ id }) => id);
    await act("queueTask", ids[0] ?? "");
    const unknown = "0f8fad5b-d9cb-469f-a165-70867728950e";
    const { status, body } = await api.call("queueTasks", { body: { ids: [...ids, unknown] } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ total: 21, success: 19, failed_ids: [ids[0], unknown] });
    expect(body.errors[0]).toMatchObject({ from: "queued", to: "queued" });
    const { body: counts } = await api.call("countTasks", { query: { channel: own } });
    expect(counts.by_status.queued).toBe(20);
    const twice = await api.call("queueTasks", { body: { ids: [unknown, unknown] } });
    expect(twice.body.errors).toMatchObject([{ field: "ids", rule: "unique" }]);
  });

  it("deletes a draft that was never queued, and nothing else", async () => {
    const { id } = await makeTask(api, channel);
    expect((await api.call("deleteTask", { params: { id } })).status).toBe(204);
    expect((await api.call("deleteTask", { params: { id } })).status).toBe(404);
    const queued = await makeTask(api, channel, { queue: true });
    await act("unqueueTask", queued.id);
    expect((await api.call("deleteTask", { params: { id: queued.id } })).status).toBe(409);
  });

  it("makes no video but of a task", async () => {
    const input = { task_id: "0f8fad5b-d9cb-469f-a165-70867728950e" };
    const { status, body } = await api.call("submitJob", { body: { pipeline: "video", input } });
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ field: "pipeline", rule: "own_route" }]);
  });
});
