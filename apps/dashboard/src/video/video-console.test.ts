import { createHash } from "node:crypto";
import { advance, complete, fail, gateOf, parkForReview, type Settlement, type StagePlace } from "@millrace/core";
import { newId, type TaskRow, type VideoChannel } from "@millrace/db";
import { resourceKeyOfTask, VIDEO_STEPS, type VideoStep } from "@millrace/pipelines";
import request from "supertest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Rig, startRig } from "../dashboard.fixture.ts";

const HOLDER = { worker: "worker-1", leaseMs: 60_000 };
const OUTPUT = { output: { ok: true }, warnings: [] };
const GATES: Readonly<Partial<Record<VideoStep, string>>> = { assets: "assets", video: "video", assembly: "final" };

let rig: Rig;
let channel: VideoChannel;
beforeAll(async () => {
  rig = await startRig();
  channel = await newChannel("nature");
});
afterAll(() => rig.close());

async function newChannel(channelId: string): Promise<VideoChannel> {
  const made = await rig.tasks.putChannel({
    ownerId: rig.ownerId,
    channelId,
    channelName: `The <${channelId}>`,
    weight: 1,
    maxInFlight: 2,
    isActive: true,
    quotaPool: channelId,
    source: "api",
    config: { scale: { assets: 3, clips: 2, seconds: 10 }, budget_daily_usd: 0.5, default_privacy: "private" },
  });
  if (made === "taken") throw new Error(made);
  return made;
}

async function newTask(more: { readonly title?: string; readonly channelId?: string } = {}): Promise<TaskRow> {
  const made = await rig.tasks.createTask(
    {
      ownerId: rig.ownerId,
      channelId: channel.id,
      notionPageId: null,
      title: "Deep <b>sea</b>",
      topic: "What lives below",
      storyDirection: "Begin in the dark",
      priority: "normal",
      ...more,
    },
    "somebody",
  );
  if (made.kind !== "created") throw new Error(made.kind);
  return made.task;
}

const place = (step: VideoStep): StagePlace => {
  const index = VIDEO_STEPS.indexOf(step);
  return { name: step, index, count: VIDEO_STEPS.length, spec: { lane: "media" } } as StagePlace;
};

/** Queued with a job that begins at this step, and claimed. */
async function making(step: VideoStep, task: TaskRow) {
  const { jobId } = await rig.submit(resourceKeyOfTask(task.id), {
    pipeline: "video",
    channelId: task.channelId,
    stage: step,
    stageIndex: VIDEO_STEPS.indexOf(step),
    stageCount: VIDEO_STEPS.length,
    lane: "media",
    input: {
      task_id: task.id,
      channel_id: task.channelId,
      quota_pool: "nature",
      scale: { assets: 3, clips: 2, seconds: 10 },
      from_step: step,
    },
    metadata: { submitted_by: "somebody" },
  });
  const claim = await rig.store.claim({ jobId, dispatchNo: 1 }, HOLDER);
  if (claim.kind !== "claimed") throw new Error(claim.kind);
  const { fence } = claim.job;
  const settle = (settlement: Settlement, stage: VideoStep = step) =>
    rig.store.settle({ jobId, stage, fence, settlement }, HOLDER);
  return { jobId, fence, settle };
}

async function keepUnit(
  { jobId, fence }: { readonly jobId: string; readonly fence: number },
  task: TaskRow,
  unit: { readonly step: VideoStep; readonly unit: string; readonly mediaType: string; readonly bytes: Buffer },
): Promise<void> {
  const blobKey = `${rig.ownerId}/video/${task.id}/${unit.step}/${unit.unit}.bin`;
  await rig.blobs.put(blobKey, unit.bytes);
  const kept = await rig.work.keepUnit({ jobId, fence }, task.id, {
    step: unit.step,
    unit: unit.unit,
    take: 1,
    inputHash: "0".repeat(64),
    blobKey,
    mediaType: unit.mediaType,
    sha256: createHash("sha256").update(unit.bytes).digest("hex"),
    bytes: unit.bytes.length,
    seconds: null,
  });
  expect(kept).toBe(true);
}

/** Parked at the gate after this step. */
async function inReview(step: VideoStep, gate: Parameters<typeof gateOf>[0] = GATES[step] ?? step): Promise<TaskRow> {
  const task = await newTask();
  const job = await making(step, task);
  const unit = { step, unit: step === "assets" ? "characters/01" : "01", mediaType: "image/png", bytes: PNG };
  await keepUnit(job, task, unit);
  const next = VIDEO_STEPS[VIDEO_STEPS.indexOf(step) + 1] ?? "upload";
  await job.settle(parkForReview(gateOf(gate), place(next), OUTPUT));
  return task;
}

const PNG = Buffer.from("89504e470d0a1a0a", "hex");
const statusOf = async ({ id }: TaskRow): Promise<string | undefined> => (await rig.tasks.findTask(id, null))?.status;

/** Signed in, and acting with a key. */
async function actor(
  key: { readonly isAdmin?: boolean; readonly roles?: readonly string[]; readonly ownerId?: string } = {},
) {
  const { key: plain, apiKey } = await rig.keys.createApiKey({ ownerId: rig.ownerId, name: "rita", ...key });
  const agent = await rig.signIn();
  await agent.post("/act").type("form").send({ key: plain, next: "/tasks" }).expect(303);
  const tokenOn = async (path: string): Promise<string> =>
    /name="token" value="([^"]+)"/.exec((await agent.get(path).expect(200)).text)?.[1] ?? "";
  const act = async (task: TaskRow, form: Readonly<Record<string, unknown>>) =>
    agent
      .post(`/tasks/${task.id}`)
      .type("form")
      .send({ token: await tokenOn(`/tasks/${task.id}`), ...form });
  return { agent, act, apiKey };
}

describe("the board", () => {
  test("shows each task in the column of its status, and only what was asked for", async () => {
    const other = await newChannel("history");
    const draft = await newTask({ title: "A draft of history", channelId: other.id });
    const waiting = await newTask({ title: "Being made of history", channelId: other.id });
    await making("assets", waiting);
    const agent = await rig.signIn();
    const { text } = await agent.get(`/tasks?channel=${other.id}`).expect(200);
    const column = (name: string): string =>
      text.split('<section class="column">').find((part) => part.includes(`${name}</a>`)) ?? "";
    expect(column("Draft")).toContain("A draft of history");
    expect(column("In progress")).toContain("Being made of history");
    expect(column("In progress")).toContain("generating assets");
    expect(column("Needs review")).toContain("none");
    const drafts = (await agent.get(`/tasks?group=draft&channel=${other.id}`).expect(200)).text;
    expect(drafts).toContain(`/tasks/${draft.id}`);
    expect(drafts).not.toContain(waiting.id);
    expect((await agent.get(`/tasks?status=uploading&channel=${other.id}`)).text).toContain("No video matches");
    expect((await agent.get(`/tasks?channel=${newId()}`)).text).toContain("No video matches");
  });

  test("pages through a list without missing or repeating a task", async () => {
    const many = await newChannel("many");
    const made = [];
    for (let i = 0; i < 53; i++) made.push(await newTask({ channelId: many.id }));
    const agent = await rig.signIn();
    const seen: string[] = [];
    let path: string | undefined = `/tasks?group=draft&channel=${many.id}`;
    for (let page = 0; path !== undefined && page < 5; page++) {
      const { text }: { text: string } = await agent.get(path).expect(200);
      seen.push(...[...text.matchAll(/href="\/tasks\/([0-9a-f-]{36})"/g)].map((match) => match[1] ?? ""));
      path = /href="([^"]+)">Older/.exec(text)?.[1]?.replaceAll("&amp;", "&");
    }
    expect(seen.toSorted()).toEqual(made.map(({ id }) => id).toSorted());
  });

  test("what stays three times longer in a status than others did is marked", async () => {
    const own = await startRig();
    try {
      const made = await own.tasks.putChannel({
        ownerId: own.ownerId,
        channelId: "slow",
        channelName: "slow",
        weight: 1,
        maxInFlight: null,
        isActive: true,
        quotaPool: "slow",
        source: "api",
        config: {},
      });
      if (made === "taken") throw new Error(made);
      const task = { ownerId: own.ownerId, channelId: made.id, notionPageId: null, topic: "t", storyDirection: "s" };
      for (const title of ["one", "two", "three", "late"]) {
        const answer = await own.tasks.createTask({ ...task, title, priority: "normal" }, "somebody");
        if (answer.kind !== "created") throw new Error(answer.kind);
        const spec = {
          pipeline: "video",
          stage: "assets",
          stageCount: 7,
          lane: "media",
          input: { task_id: answer.task.id },
        } as const;
        await own.submit(resourceKeyOfTask(answer.task.id), spec);
        if (title !== "late") {
          await own.db.query(
            `insert into task_transitions (task_id, run_no, from_status, to_status, actor, at)
             select task_id, 1, 'queued', 'claimed', 'w', max(at) + interval '10 min' from task_transitions
             where task_id = $1::uuid group by task_id`,
            [answer.task.id],
          );
        } else {
          await own.db.query("update tasks set status_since = now() - interval '40 min' where id = $1::uuid", [
            answer.task.id,
          ]);
        }
      }
      const agent = await own.signIn();
      const { text } = await agent.get("/tasks?status=queued").expect(200);
      expect(text.match(/class="stale"/g)).toHaveLength(1);
      expect(text).toMatch(/late<\/a>[\s\S]*class="stale" title="usually 10 min"/);
    } finally {
      await own.close();
    }
  });

  test.each(["group=x", "status=x", "channel=x", "after=x", "priority=x", "group=draft&after=1~x"])(
    "a question that makes no sense (%s) is left out",
    async (search) => {
      const agent = await rig.signIn();
      await agent.get(`/tasks?${search}`).expect(200);
    },
  );

  test.each(["/tasks", "/channels", "/library", "/act", `/tasks/${newId()}`])(
    "%s is shut without the password",
    async (path) => {
      await request(rig.server).get(path).set("accept", "text/html").expect(303);
    },
  );
});

describe("a task", () => {
  test("shows steps, units, history, and escapes what people wrote", async () => {
    const task = await newTask();
    const job = await making("assets", task);
    await keepUnit(job, task, { step: "assets", unit: "characters/01", mediaType: "image/png", bytes: PNG });
    await rig.work.keepStep(job, task.id, "assets", { partial_progress: { made: 1, wanted: 3 } });
    const agent = await rig.signIn();
    const { text } = await agent.get(`/tasks/${task.id}`).expect(200);
    for (const part of [
      "Deep &lt;b&gt;sea&lt;/b&gt;",
      "1 / 3",
      "generating assets",
      `/jobs/${job.jobId}`,
      "Act with an API key",
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain("<b>sea");
    expect(text).toContain(`<img loading="lazy" src="/tasks/${task.id}/units/assets/characters/01?v=`);
    await job.settle(fail({ code: "MEDIA_REFUSED", message: "not <i>this</i>", stage: "assets" }));
    const failed = (await agent.get(`/tasks/${task.id}`).expect(200)).text;
    for (const part of ["asset error", "MEDIA_REFUSED", "not &lt;i&gt;this&lt;/i&gt;"]) expect(failed).toContain(part);
  });

  test("an unknown one is 404", async () => {
    const agent = await rig.signIn();
    expect((await agent.get(`/tasks/${newId()}`).expect(404)).text).toContain("No such video");
    await agent.get("/tasks/x").expect(404);
  });

  test("units are streamed whole, in parts, or not again, and never as something a browser runs", async () => {
    const task = await newTask();
    const job = await making("video", task);
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
    await keepUnit(job, task, { step: "video", unit: "01", mediaType: "video/mp4", bytes });
    await keepUnit(job, task, { step: "video", unit: "02", mediaType: "text/html", bytes: Buffer.from("<script>") });
    const agent = await rig.signIn();
    const path = `/tasks/${task.id}/units/video/01`;
    const whole = await agent.get(path).buffer(true).expect(200);
    expect(whole.body.equals(bytes)).toBe(true);
    expect(whole.headers["content-type"]).toBe("video/mp4");
    const part = await agent.get(path).set("range", "bytes=1000-1999").buffer(true).expect(206);
    expect(part.headers["content-range"]).toBe("bytes 1000-1999/200000");
    expect(part.body.equals(bytes.subarray(1_000, 2_000))).toBe(true);
    await agent.get(path).set("range", "bytes=200000-").expect(416);
    await agent.get(path).set("if-none-match", String(whole.headers["etag"])).expect(304);
    const odd = await agent.get(`/tasks/${task.id}/units/video/02`).expect(200);
    expect(odd.headers["content-type"]).toBe("application/octet-stream");
    expect(odd.headers["x-content-type-options"]).toBe("nosniff");
    await agent.get(`/tasks/${task.id}/units/video/03`).expect(404);
    await rig.blobs.delete(`${rig.ownerId}/video/${task.id}/video/01.bin`);
    expect((await agent.get(path).expect(404)).text).toContain("No such part");
    await agent.get(`/tasks/${task.id}/units/../../etc/passwd`).expect(404);
    await agent.get(`/tasks/x/units/video/01`).expect(404);
    await request(rig.server).get(path).set("accept", "video/mp4").expect(401);
  });
});

describe("acting with a key", () => {
  test("C-Q23 approving at a gate moves the task on, in the name of the key", async () => {
    const task = await inReview("assets");
    const rita = await actor();
    const before = await rita.agent.get(`/tasks/${task.id}`).expect(200);
    expect(before.text).toContain('<input type="checkbox" form="review" name="unit" value="characters/01">');
    const answer = await rita.act(task, { do: "approve", gate: "assets" });
    expect(answer.status).toBe(303);
    expect(await statusOf(task)).toBe("queued");
    const hops = await rig.tasks.listTransitions(task.id);
    expect(hops.slice(-2).map(({ toStatus, actor: by }) => [toStatus, by])).toEqual([
      ["assets_approved", `key:${rita.apiKey.id}`],
      ["queued", "system"],
    ]);
    const audited = await rig.db.query<{ details: { outcome: string } }>(
      "select details from audit_events where event = 'audit.console_action' and actor = $1",
      [`key:${rita.apiKey.id}`],
    );
    expect(audited.map(({ details }) => details.outcome)).toEqual(["applied"]);
  });

  test("C-S13 rejecting takes a reason and keeps what is to be made again; a retry queues it", async () => {
    const task = await inReview("video");
    const rita = await actor();
    const without = await rita.act(task, { do: "reject", gate: "video", unit: "01" });
    expect(without.status).toBe(400);
    expect(without.text).toContain("a rejection says why");
    expect(await statusOf(task)).toBe("video_ready");
    expect((await rita.act(task, { do: "reject", gate: "video", unit: ["7"], comment: "x" })).status).toBe(400);
    expect((await rita.act(task, { do: "reject", gate: "video", unit: ["01"], comment: "it jumps" })).status).toBe(303);
    expect(await statusOf(task)).toBe("video_error");
    expect((await rig.work.unitsOf(task.id)).map(({ unit, isRejected }) => [unit, isRejected])).toEqual([["01", true]]);
    expect((await rita.agent.get(`/tasks/${task.id}`)).text).toContain("it jumps");
    expect((await rita.act(task, { do: "retry" })).status).toBe(303);
    expect(await statusOf(task)).toBe("queued");
  });

  test("at the last gate a rejection names the step, and a text of clip numbers is read", async () => {
    const task = await inReview("assembly");
    const rita = await actor();
    const rejected = { do: "reject", gate: "final", comment: "too loud" };
    expect((await rita.act(task, { ...rejected, step: "audio", clips: "one" })).status).toBe(400);
    expect((await rita.act(task, { ...rejected, step: "audio", clips: "3" })).text).toContain("numbers of clips");
    expect((await rita.act(task, { ...rejected, step: "audio", clips: "2, 1" })).status).toBe(303);
    expect(await statusOf(task)).toBe("audio_error");
    const job = (await rig.tasks.findTask(task.id, null))?.job?.id ?? "";
    const [gate] = await rig.store.listGates(job);
    expect(gate?.reviews[0]?.details).toEqual({ step: "audio", clips: [1, 2] });
  });

  test("queues a draft and cancels it again; an illegal act says from where to where", async () => {
    const task = await newTask();
    const rita = await actor();
    expect((await rita.act(task, { do: "queue" })).status).toBe(303);
    expect(await statusOf(task)).toBe("queued");
    expect((await rita.agent.get(`/tasks/${task.id}`)).text).toContain("No worker leads");
    const again = await rita.act(task, { do: "queue" });
    expect([again.status, again.text.includes("It is queued already.")]).toEqual([409, true]);
    expect((await rita.act(task, { do: "cancel", reason: "a typo" })).status).toBe(303);
    expect(await statusOf(task)).toBe("draft");
    expect((await rita.agent.get(`/tasks/${task.id}`)).text).toContain("cancelled: a typo");
    const retried = await rita.agent.post(`/tasks/${task.id}`).type("form").send({ do: "retry" });
    expect(retried.status).toBe(403);
    const done = await rita.act(task, { do: "retry" });
    expect([done.status, done.text.includes("nothing leads to queued")]).toEqual([409, true]);
  });

  test("without a key, without the form's token, with another owner's or a revoked key nothing happens", async () => {
    const task = await inReview("assets");
    const approve = { do: "approve", gate: "assets" };
    const looker = await rig.signIn();
    await looker.post(`/tasks/${task.id}`).type("form").send(approve).expect(403);
    await request(rig.server).post(`/tasks/${task.id}`).type("form").send(approve).expect(401);
    const rita = await actor();
    await rita.agent.post(`/tasks/${task.id}`).type("form").send(approve).expect(403);
    expect((await rita.act(task, { ...approve, token: "x" })).status).toBe(403);
    const foreign = await actor({ ownerId: (await rig.keys.createOwner({ name: "somebody else" })).id });
    expect((await foreign.act(task, approve)).status).toBe(404);
    const own = await (await actor()).agent.get(`/tasks/${task.id}`);
    const othersToken = /name="token" value="([^"]+)"/.exec(own.text)?.[1];
    expect((await rita.act(task, { ...approve, token: othersToken })).status).toBe(403);
    await rig.keys.revokeApiKey(rita.apiKey.id);
    expect((await rita.act(task, approve)).status).toBe(403);
    expect(await statusOf(task)).toBe("assets_ready");
  });

  test("a gate's rules hold: roles, and two people", async () => {
    const task = await inReview("assets", { name: "assets", approvals: 2, roles: ["editor"] });
    const approve = { do: "approve", gate: "assets" };
    const none = await (await actor()).act(task, approve);
    expect([none.status, none.text.includes("one of the roles editor")]).toEqual([403, true]);
    expect((await (await actor({ roles: ["editor"] })).act(task, approve)).status).toBe(303);
    expect(await statusOf(task)).toBe("assets_ready");
    expect((await (await actor({ roles: ["editor"] })).act(task, approve)).status).toBe(303);
    expect(await statusOf(task)).toBe("queued");
  });

  test("a key that may only read is no key to act with, nor is nonsense; ending it leaves the console for looking", async () => {
    const { key } = await rig.keys.createApiKey({ ownerId: rig.ownerId, name: "reader", scopes: ["tasks:read"] });
    const agent = await rig.signIn();
    for (const wrong of [key, "mr_nonsense", "", undefined])
      await agent.post("/act").type("form").send({ key: wrong }).expect(401);
    const rita = await actor();
    expect((await rita.agent.get("/act")).text).toContain("You act as");
    await rita.agent.post("/act").type("form").send({ end: "1" }).expect(303);
    expect((await rita.agent.get("/act")).text).not.toContain("You act as");
  });

  test.each([
    { do: "publish" },
    { do: "approve" },
    { do: "approve", gate: "lunch" },
    { do: "reject", gate: "final", step: "lunch", comment: "x" },
    { do: "reject", gate: "assets", comment: "x".repeat(5_001) },
    {},
  ])("a form that makes no sense (%j) is refused", async (form) => {
    const task = await inReview("assets");
    expect((await (await actor()).act(task, form)).status).toBe(400);
    expect(await statusOf(task)).toBe("assets_ready");
  });
});

test("channels show their room, their spending and their budget", async () => {
  const spender = await newChannel("spender");
  const task = await newTask({ channelId: spender.id });
  await making("assets", task);
  await rig.work.keepCost(task.id, {
    step: "assets",
    unit: "characters/01",
    component: "gemini_assets",
    usage: { provider: "gemini", calls: 1, units: 1, costUsd: 0.75 },
  });
  const agent = await rig.signIn();
  const { text } = await agent.get("/channels").expect(200);
  const row = text.split("<tr>").find((part) => part.includes("The &lt;spender&gt;")) ?? "";
  for (const part of ["1 of 2", "$ 0.75", "of $ 0.50", 'class="stale"', "3 images, 2 clips, 10 s"])
    expect(row).toContain(part);
});

test("the library plays what was published, and nothing else", async () => {
  const task = await newTask({ title: "Seen by all" });
  const job = await making("assembly", task);
  await keepUnit(job, task, { step: "assembly", unit: "final", mediaType: "video/mp4", bytes: PNG });
  const agent = await rig.signIn();
  expect((await agent.get("/library").expect(200)).text).not.toContain("Seen by all");
  await job.settle(advance(place("upload"), OUTPUT));
  await job.settle(complete(OUTPUT), "upload");
  expect(await statusOf(task)).toBe("published");
  const { text, headers } = await agent.get("/library").expect(200);
  expect(text).toContain("Seen by all");
  expect(text).toMatch(new RegExp(`<video [^>]*src="/tasks/${task.id}/units/assembly/final`));
  expect(headers["content-security-policy"]).toContain("media-src 'self'");
  expect((await agent.get(`/library?channel=${newId()}`)).text).toContain("Nothing is published yet");
});
