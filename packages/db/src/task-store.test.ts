import { randomBytes } from "node:crypto";
import { until } from "@millrace/testing";
import { describe, expect, it } from "vitest";
import { claimed, createOwner, submitted } from "./job-store.fixture.ts";
import { newId } from "./new-id.ts";
import { taskStatus } from "./schema/tasks.ts";
import { jobOf, newChannel, newTask, tasksUnderTest } from "./task-store.fixture.ts";

const t = tasksUnderTest();

const pageId = (): string => randomBytes(16).toString("hex");

const DRAFT = {
  title: "Deep sea",
  topic: "What lives below",
  storyDirection: "Begin in the dark",
  priority: "normal",
} as const;

describe("a task", () => {
  it("C-S01 C-S42 begins as a draft, with a page of its own", async () => {
    const task = await newTask(t);
    expect(task).toMatchObject({
      ...DRAFT,
      status: "draft",
      channel: "poke",
      channelName: "The poke",
      notionPageId: task.id.replaceAll("-", ""),
      errorLog: null,
      youtubeUrl: null,
      runNo: 0,
      totalCostUsd: 0,
      stepCompletionMetadata: {},
      job: null,
    });
    expect(task.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(task.createdAt).toEqual(task.updatedAt);
    expect(await t.tasks.listTransitions(task.id)).toEqual([
      expect.objectContaining({ runNo: 0, fromStatus: null, toStatus: "draft", actor: "somebody" }),
    ]);
  });

  it("C-S01 C-S42 C-Q18 is one for each page, whoever asks", async () => {
    const notionPageId = pageId();
    const [one, other] = await Promise.all(
      ["one", "other"].map((title) =>
        t.tasks.createTask({ ...DRAFT, title, ownerId: t.ownerId, channelId: t.channel.id, notionPageId }, "somebody"),
      ),
    );
    expect([one!.kind, other!.kind].sort()).toEqual(["created", "duplicate"]);
    expect(one).toMatchObject({ task: { id: (other as { task: { id: string } }).task.id } });
    expect(await t.tasks.findTaskOfPage(notionPageId, t.ownerId)).toMatchObject({ notionPageId });
    expect(await t.tasks.findTaskOfPage(notionPageId, newId())).toBeUndefined();
  });

  it("C-S02 C-S03 C-S42 belongs to a channel of its owner, by uuid", async () => {
    const create = (channelId: string, ownerId = t.ownerId) =>
      t.tasks.createTask({ ...DRAFT, ownerId, channelId, notionPageId: null }, "somebody");
    expect(await create(newId())).toEqual({ kind: "channel_unknown" });
    expect(await create("poke")).toEqual({ kind: "channel_unknown" });
    expect(await create(t.channel.id, await createOwner(t.db))).toEqual({ kind: "channel_unknown" });
    await expect(
      t.db.query("update tasks set channel_id = gen_random_uuid() where owner_id = $1", [t.ownerId]),
    ).rejects.toMatchObject({ constraint_name: "fk_tasks_channel_id" });
  });

  it("is not there for another owner", async () => {
    const task = await newTask(t);
    const stranger = newId();
    expect(await t.tasks.findTask(task.id, stranger)).toBeUndefined();
    expect(await t.tasks.updateTask(task.id, stranger, { title: "mine" })).toBeUndefined();
    expect(await t.tasks.deleteTask(task.id, stranger)).toBe("not_found");
    expect(await t.tasks.planRun(task.id, stranger, { isAdmin: false })).toEqual({ kind: "not_found" });
    expect(await t.tasks.listTasks({ ownerId: stranger, limit: 10 })).toEqual([]);
    expect(await t.tasks.findTask(task.id, t.ownerId)).toEqual(task);
  });

  it("takes what was changed and keeps the rest", async () => {
    const task = await newTask(t, { narrationScripts: ["a"], privacy: "public" });
    const changed = await t.tasks.updateTask(task.id, t.ownerId, {
      title: "Deeper",
      youtubeUrl: "https://youtu.be/1",
      narrationScripts: null,
      sfxDescriptions: ["splash"],
    });
    expect(changed).toMatchObject({
      ...DRAFT,
      title: "Deeper",
      youtubeUrl: "https://youtu.be/1",
      narrationScripts: null,
      sfxDescriptions: ["splash"],
      privacy: "public",
    });
    expect(await t.tasks.updateTask(task.id, t.ownerId, { privacy: null })).toMatchObject({ privacy: null });
    expect(await t.tasks.updateTask(task.id, t.ownerId, {})).toMatchObject({ title: "Deeper" });
  });

  it("C-Q19 keeps its error log, whoever writes it how", async () => {
    const task = await newTask(t);
    await t.tasks.updateTask(task.id, t.ownerId, { errorLog: "first" });
    expect((await t.tasks.updateTask(task.id, t.ownerId, { errorLog: "second" }))?.errorLog).toBe("first\nsecond");
    const write = async (log: string | null) => {
      const [row] = await t.db.query<{ error_log: string }>(
        "update tasks set error_log = $2 where id = $1 returning error_log",
        [task.id, log],
      );
      return row!.error_log;
    };
    expect(await write(null)).toBe("first\nsecond");
    expect(await write("")).toBe("first\nsecond");
    expect(await write("third")).toBe("first\nsecond\nthird");
    expect(await write("first\nsecond\nthird\nfourth")).toBe("first\nsecond\nthird\nfourth");
  });

  it("C-S01 C-Q17 says when it was changed, by SQL too, in UTC", async () => {
    const task = await newTask(t);
    await t.db.query("update tasks set updated_at = '2020-01-01' where id = $1", [task.id]);
    await t.db.query("update tasks set topic = 'other' where id = $1", [task.id]);
    const row = (await t.tasks.findTask(task.id, null))!;
    expect(row.updatedAt.getTime()).toBeGreaterThanOrEqual(task.updatedAt.getTime());
    await t.db.query("update channels set updated_at = '2020-01-01' where id = $1", [t.channel.id]);
    await t.db.query("update channels set weight = 1 where id = $1", [t.channel.id]);
    const channel = (await t.tasks.findVideoChannel("poke", null))!;
    expect(channel.updatedAt.getTime()).toBeGreaterThanOrEqual(t.channel.updatedAt.getTime());
  });

  it("C-S02 is deleted only as a draft that was never queued", async () => {
    const draft = await newTask(t);
    expect(await t.tasks.deleteTask(draft.id, t.ownerId)).toBe("deleted");
    expect(await t.tasks.findTask(draft.id, null)).toBeUndefined();
    const used = await newTask(t);
    const { jobId } = await submitted(t.store, jobOf(used));
    expect(await t.tasks.deleteTask(used.id, t.ownerId)).toBe("refused");
    await t.store.cancel({ jobId, ownerId: null, by: "carl", reason: null });
    expect(await t.tasks.findTask(used.id, null)).toMatchObject({ status: "draft" });
    expect(await t.tasks.deleteTask(used.id, t.ownerId)).toBe("refused");
    expect(await t.tasks.deleteTask(newId(), t.ownerId)).toBe("not_found");
    expect(await t.tasks.deleteTask("nothing", null)).toBe("not_found");
  });

  it("outlives its jobs", async () => {
    const task = await newTask(t);
    const { jobId } = await submitted(t.store, jobOf(task));
    await t.store.cancel({ jobId, ownerId: null, by: "carl", reason: null });
    await t.db.query("delete from callback_deliveries where job_id = $1", [jobId]);
    await t.db.query("delete from pipeline_jobs where id = $1", [jobId]);
    expect(await t.tasks.findTask(task.id, null)).toMatchObject({ status: "draft", runNo: 1, job: null });
    expect(await t.tasks.listRuns(task.id)).toEqual([expect.objectContaining({ jobId, outcome: "draft" })]);
  });
});

describe("C-Q20 a priority", () => {
  it("holds in the backlog at once", async () => {
    const [first, second] = [await newTask(t, { priority: "low" }), await newTask(t, { priority: "low" })];
    for (const task of [first, second]) {
      await submitted(t.store, jobOf(task, "assets", { isDispatched: false, priority: "low" }));
    }
    const changed = await t.tasks.updateTask(second.id, t.ownerId, { priority: "high" });
    expect(changed).toMatchObject({ priority: "high" });
    const [ticket] = await t.store.dispatch("media", 1);
    expect(ticket!.jobId).toBe(changed!.job!.id);
    expect(await t.store.findJob(changed!.job!.id, null)).toMatchObject({ priority: "high" });
    await t.store.dispatch("media", 10);
  });

  it("of another owner's task stays", async () => {
    const task = await newTask(t);
    const { jobId } = await submitted(t.store, jobOf(task));
    await t.tasks.updateTask(task.id, newId(), { priority: "high" });
    expect(await t.store.findJob(jobId, null)).toMatchObject({ priority: "normal" });
  });

  it("C-S42 is one of three", async () => {
    for (const priority of ["high", "normal", "low"] as const) {
      expect(await newTask(t, { priority })).toMatchObject({ priority });
    }
    await expect(newTask(t, { priority: "urgent" as never })).rejects.toMatchObject({ code: "22P02" });
  });
});

describe("a list of tasks", () => {
  it("is newest first, in pages, by channel, status and priority", async () => {
    const channel = await newChannel(t, "lists");
    const made = [];
    for (const priority of ["high", "normal", "low", "normal"] as const) {
      made.push(await newTask({ ...t, channel }, { priority }));
    }
    await submitted(t.store, jobOf(made[1]!));
    const ids = made.map(({ id }) => id).reverse();
    // one instant for all: the order is then that of the ids
    const list = async (more: object) =>
      (await t.tasks.listTasks({ ownerId: t.ownerId, channelId: channel.id, limit: 10, ...more })).map(({ id }) => id);
    expect((await list({})).sort()).toEqual([...ids].sort());
    const [first] = await t.tasks.listTasks({ ownerId: t.ownerId, channelId: channel.id, limit: 1 });
    const rest = await list({ before: first });
    expect([first!.id, ...rest].sort()).toEqual([...ids].sort());
    expect(rest).not.toContain(first!.id);
    expect(await list({ statuses: ["queued"] })).toEqual([made[1]!.id]);
    expect((await list({ statuses: ["draft", "queued"] })).length).toBe(4);
    expect(await list({ priority: "low" })).toEqual([made[2]!.id]);
    expect(await list({ channelId: "no uuid" })).toEqual([]);
    const counts = await t.tasks.countTasks({ ownerId: t.ownerId, channelId: channel.id });
    expect(counts).toMatchObject({ draft: 3, queued: 1, published: 0 });
    expect(Object.keys(counts)).toEqual(taskStatus.enumValues);
  });
});

describe("a plan of a run", () => {
  const plan = (id: string, isAdmin = false) => t.tasks.planRun(id, t.ownerId, { isAdmin });

  it("C-Q05 begins at the first step that is not done, whatever the status", async () => {
    const task = await newTask(t);
    expect(await plan(task.id)).toMatchObject({
      kind: "planned",
      fromStep: "assets",
      quotaPool: "poke",
      task: { id: task.id },
    });
    await t.db.query(
      `update tasks set status = 'audio_error', step_completion_metadata =
         '{"assets":{"completed":true},"composites":{"completed":true},"video":{"completed":true},"audio":{"completed":false}}'
       where id = $1`,
      [task.id],
    );
    expect(await plan(task.id)).toMatchObject({ kind: "planned", fromStep: "audio" });
  });

  it("begins earlier when what a step is made from has changed", async () => {
    const task = await newTask(t);
    const steps = ["assets", "composites", "video", "audio", "sfx", "assembly"];
    const done = async () =>
      t.db.query("update tasks set step_completion_metadata = $2::text::jsonb where id = $1", [
        task.id,
        JSON.stringify(Object.fromEntries(steps.map((step) => [step, { completed: true, approved: true }]))),
      ]);
    const fromStep = async (change: Parameters<typeof t.tasks.updateTask>[2]) => {
      await done();
      await t.tasks.updateTask(task.id, null, change);
      return (await plan(task.id)) as { fromStep: string };
    };
    expect(await fromStep({ priority: "low", privacy: "public" })).toMatchObject({ fromStep: "upload" });
    expect(await fromStep({ title: DRAFT.title })).toMatchObject({ fromStep: "upload" });
    expect(await fromStep({ sfxDescriptions: ["splash"] })).toMatchObject({ fromStep: "sfx" });
    expect(await fromStep({ narrationScripts: ["one"] })).toMatchObject({ fromStep: "audio" });
    expect(await fromStep({ narrationScripts: ["one"] })).toMatchObject({ fromStep: "upload" });
    expect(await fromStep({ topic: "what else" })).toMatchObject({ fromStep: "assets" });
  });

  it("refuses what is under way", async () => {
    const task = await newTask(t);
    const { jobId } = await submitted(t.store, jobOf(task));
    expect(await plan(task.id)).toEqual({ kind: "refused", status: "queued" });
    await claimed(t.store, jobId);
    expect(await plan(task.id)).toEqual({ kind: "refused", status: "generating_assets" });
    // the second door: the job itself
    expect(await t.store.submit(jobOf(task))).toMatchObject({ kind: "active", jobId });
    expect(await t.tasks.findTask(task.id, null)).toMatchObject({ runNo: 1 });
  });

  it("lets only an admin run again what is published, and then looks at all of it", async () => {
    const task = await newTask(t);
    await t.db.query(
      `update tasks set status = 'published', step_completion_metadata = (
         select jsonb_object_agg(s, '{"completed":true}'::jsonb) from unnest(array['assets','composites','video','audio','sfx','assembly','upload']) s
       ) where id = $1`,
      [task.id],
    );
    expect(await plan(task.id)).toEqual({ kind: "refused", status: "published" });
    expect(await plan(task.id, true)).toMatchObject({ kind: "planned", fromStep: "assets" });
    await submitted(t.store, jobOf(task));
    expect(await t.tasks.findTask(task.id, null)).toMatchObject({ status: "queued" });
  });

  it("refuses while its channel is not active", async () => {
    const channel = await newChannel(t, "asleep", { isActive: false });
    const task = await newTask({ ...t, channel });
    expect(await plan(task.id)).toEqual({ kind: "channel_inactive" });
  });

  it("mends a task that lost its job", async () => {
    for (const status of taskStatus.enumValues.filter((name) => name !== "published")) {
      const task = await newTask(t);
      await t.db.query("update tasks set status = $2::text::task_status where id = $1", [task.id, status]);
      expect(await plan(task.id), status).toMatchObject({ kind: "planned" });
      await submitted(t.store, jobOf(task));
      expect(await t.tasks.findTask(task.id, null), status).toMatchObject({ status: "queued" });
    }
  });
});

describe("a channel", () => {
  it("C-S41 keeps its uuid when its file changes; another owner's is taken", async () => {
    const channel = await newChannel(t, "changing");
    expect(channel).toMatchObject({ channelId: "changing", isActive: true, source: "file", credentials: [] });
    const changed = await newChannel(t, "changing", { channelName: "New", maxInFlight: 5, isActive: false });
    expect(changed).toMatchObject({ id: channel.id, channelName: "New", maxInFlight: 5, isActive: false });
    const stranger = { ...t, ownerId: await createOwner(t.db) };
    await expect(newChannel(stranger, "changing")).rejects.toThrow("taken");
    expect(await t.tasks.findVideoChannel(channel.id, t.ownerId)).toMatchObject({ channelName: "New" });
    expect(await t.tasks.findVideoChannel("changing", stranger.ownerId)).toBeUndefined();
    expect((await t.tasks.listVideoChannels(t.ownerId)).map(({ channelId }) => channelId)).toContain("changing");
    expect(await t.tasks.listVideoChannels(stranger.ownerId)).toEqual([]);
  });

  it("C-S42 that is there twice at once is one", async () => {
    const both = await Promise.all([newChannel(t, "twice"), newChannel(t, "twice")]);
    expect(both[0]!.id).toBe(both[1]!.id);
  });

  it("C-S02 C-S42 with tasks is not deleted; one without is, with its credentials", async () => {
    const channel = await newChannel(t, "doomed");
    await t.tasks.putCredential(channel.id, "notion_token", "sealed");
    const task = await newTask({ ...t, channel });
    expect(await t.tasks.deleteChannel("doomed", t.ownerId)).toBe("used");
    await t.tasks.deleteTask(task.id, null);
    expect(await t.tasks.deleteChannel("doomed", newId())).toBe("not_found");
    expect(await t.tasks.deleteChannel("doomed", t.ownerId)).toBe("deleted");
    expect(await t.tasks.findCredential(channel.id, "notion_token")).toBeUndefined();
  });

  it("C-S02 that was switched off keeps its tasks, and both find each other", async () => {
    const channel = await newChannel(t, "kept");
    const task = await newTask({ ...t, channel });
    await newChannel(t, "api_made", { source: "api" });
    const others = (await t.tasks.listVideoChannels(null)).map(({ channelId }) => channelId);
    const retired = await t.tasks.retireChannels(others.filter((id) => id !== "kept"));
    expect(retired).toEqual(["kept"]);
    expect(await t.tasks.findVideoChannel("kept", null)).toMatchObject({ isActive: false });
    expect(await t.tasks.listTasks({ ownerId: null, channelId: channel.id, limit: 5 })).toEqual([
      expect.objectContaining({ id: task.id, channel: "kept" }),
    ]);
    expect(await t.tasks.retireChannels(others.filter((id) => id !== "api_made"))).toEqual([]);
  });

  it("C-Q09 counts what is being made as in progress, not what waits for people", async () => {
    const channel = await newChannel(t, "room", { maxInFlight: 2 });
    const shown = async () => {
      const { pending, inProgress, hasCapacity } = (await t.tasks.findVideoChannel("room", null))!;
      return { pending, inProgress, hasCapacity };
    };
    const tasks = await Promise.all(taskStatus.enumValues.map(() => newTask({ ...t, channel })));
    for (const [i, status] of taskStatus.enumValues.entries()) {
      await t.db.query("update tasks set status = $2::text::task_status where id = $1", [tasks[i]!.id, status]);
    }
    // claimed, five generating, assembling, uploading
    expect(await shown()).toEqual({ pending: 1, inProgress: 8, hasCapacity: false });
    await t.db.query("update tasks set status = 'final_review' where channel_id = $1", [channel.id]);
    expect(await shown()).toEqual({ pending: 0, inProgress: 0, hasCapacity: true });
  });

  it("keeps its credentials sealed, by name", async () => {
    const channel = await newChannel(t, "secrets");
    await t.tasks.putCredential(channel.id, "youtube_refresh_token", "one");
    await t.tasks.putCredential(channel.id, "youtube_refresh_token", "two");
    await t.tasks.putCredential(channel.id, "notion_token", "three");
    expect(await t.tasks.findCredential(channel.id, "youtube_refresh_token")).toBe("two");
    expect(await t.tasks.findVideoChannel("secrets", null)).toMatchObject({
      credentials: ["notion_token", "youtube_refresh_token"],
    });
    expect(await t.tasks.listCredentials()).toContainEqual({
      channelId: channel.id,
      name: "notion_token",
      sealed: "three",
    });
    await t.tasks.putCredential(channel.id, "notion_token", null);
    expect(await t.tasks.findCredential(channel.id, "notion_token")).toBeUndefined();
  });
});

describe("what Notion says", () => {
  it("is kept once, and handled once", async () => {
    const event = { eventId: newId(), type: "page.properties_updated", pageId: pageId(), payload: { a: 1 } };
    const kept = await Promise.all([1, 2, 3].map(() => t.tasks.keepNotionEvent(event)));
    expect(kept.filter(Boolean)).toEqual([true]);
    const [waiting] = await t.tasks.waitingNotionEvents(10);
    expect(waiting).toEqual({ id: expect.any(Number), type: event.type, pageId: event.pageId });
    await t.tasks.handledNotionEvent(waiting!.id, null);
    expect(await t.tasks.waitingNotionEvents(10)).toEqual([]);
  });

  it("and what it was told stays with the task", async () => {
    const task = await newTask(t);
    expect(await t.tasks.notionSeen(task.id)).toBeNull();
    await t.tasks.keepNotionSeen(task.id, { status: "Draft" }, true);
    expect(await t.tasks.notionSeen(task.id)).toEqual({ status: "Draft" });
    expect(await t.tasks.notionSeen(newId())).toBeNull();
  });
});

describe("tasks of one channel that change at the same time", () => {
  it("do not hold each other up for ever", async () => {
    const channel = await newChannel(t, "busy", { maxInFlight: null });
    const tasks = await Promise.all(Array.from({ length: 12 }, () => newTask({ ...t, channel })));
    const jobs = await Promise.all(
      tasks.map((task) => submitted(t.store, jobOf(task, "assets", { isDispatched: false }))),
    );
    await Promise.all([
      ...tasks.map((task, i) => t.tasks.updateTask(task.id, null, { priority: i % 2 === 0 ? "high" : "low" })),
      t.store.dispatch("media", 6),
      ...jobs.slice(6).map(({ jobId }) => t.store.cancel({ jobId, ownerId: null, by: "carl", reason: null })),
      ...tasks.map((task) =>
        t.work.keepCost(task.id, {
          step: "assets",
          unit: null,
          component: "gemini_assets",
          usage: { provider: "gemini", calls: 1, units: 1, costUsd: 1 },
        }),
      ),
    ]);
    await until(async () => {
      const counts = await t.tasks.countTasks({ ownerId: null, channelId: channel.id });
      return counts.draft === 6 && counts.queued === 6;
    });
  });
});
