import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { MillraceError } from "@millrace/core";
import {
  connectDatabase,
  createPermitStore,
  createQuotaStore,
  createTaskStore,
  createTaskWork,
  type Database,
  type TaskRow,
  type TaskStore,
} from "@millrace/db";
import { createPermits } from "@millrace/engine";
import { createTaskActions, LOCAL_VIDEO, type TaskActions, type VideoNeeds, videoPipeline } from "@millrace/pipelines";
import {
  createLibraryPublisher,
  createLocalMedia,
  createMediaTools,
  openBlobs,
  parseChannelFields,
} from "@millrace/providers";
import { until } from "@millrace/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Harness, startHarness } from "./harness.ts";

let harness: Harness;
let folder: string;
let db: Database;
let tasks: TaskStore;
let actions: TaskActions;
/** What the maker of clips does before it makes one. */
let beforeClip: () => void = () => {};

/** The clips count as a provider's, although this machine makes them. */
const SETTINGS = { ...LOCAL_VIDEO, services: { ...LOCAL_VIDEO.services, video: "kie" } };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-e2e-video-"));
  const blobs = await openBlobs(pathToFileURL(join(folder, "blobs")).href);
  // filled once there is a database: a stage looks at it when it runs
  const needs = {} as { -readonly [K in keyof VideoNeeds]: VideoNeeds[K] };
  harness = await startHarness([videoPipeline(needs, SETTINGS)]);
  db = connectDatabase({ url: harness.database.url, maxConnections: 4, applicationName: "e2e-video" });
  tasks = createTaskStore(db);
  const tools = createMediaTools();
  const { narrator, ...local } = createLocalMedia({ tools, frame: { width: 320, height: 180, framesPerSecond: 25 } });
  const quotas = createQuotaStore(db);
  Object.assign(needs, {
    blobs,
    tasks: createTaskWork(db),
    permits: createPermits({ store: createPermitStore(db), random: Math.random }),
    makers: {
      ...local,
      clips: {
        name: "kie",
        makeClip: async (call) => {
          beforeClip();
          return local.clips.makeClip(call);
        },
      },
      narratorFor: () => narrator,
      defaultVoiceId: "narrator",
      publisherFor: (ownerId) => createLibraryPublisher({ blobs, tools, ownerId }),
    },
    readChannel: parseChannelFields,
    credential: async () => null,
    pause: (pause) => quotas.pauseQuota(pause),
    useQuota: (claim, units) => quotas.useQuota(claim, units),
    uploadUnits: 1,
    workFolder: join(folder, "work"),
  } satisfies VideoNeeds);
  const { store: jobs, submit, cancel } = harness;
  actions = createTaskActions({ tasks, jobs, submit, cancel });
  await harness.startWorker({ lanes: { io: 4, media: 1 } });
});
afterAll(async () => {
  await harness?.close();
  await db?.close();
  await rm(folder, { recursive: true, force: true });
});

const OFF = { assets: "off", video: "off", audio: "off" };

async function plan(channelId: string, config: Record<string, unknown>): Promise<string> {
  const channel = await tasks.putChannel({
    ownerId: harness.owner.id,
    channelId,
    channelName: channelId,
    weight: 1,
    maxInFlight: 2,
    isActive: true,
    quotaPool: channelId,
    source: "api",
    config: { scale: { assets: 2, clips: 2, seconds: 2 }, ...config } as never,
  });
  if (channel === "taken") throw new Error("the channel is taken");
  const created = await tasks.createTask(
    {
      ownerId: harness.owner.id,
      channelId: channel.id,
      notionPageId: null,
      title: `A film of ${channelId}`,
      topic: "Lighthouses",
      storyDirection: "Open on a stormy coast. Follow the keeper.",
      priority: "normal",
    },
    "somebody",
  );
  if (created.kind !== "created") throw new Error(created.kind);
  return created.task.id;
}

const reaches = (id: string, status: TaskRow["status"]): Promise<TaskRow> =>
  until(
    async () => {
      const task = await tasks.findTask(id, null);
      return task?.status === status ? task : undefined;
    },
    { timeoutMs: 120_000, message: `task ${id} reaching ${status}` },
  );

const statuses = async (id: string): Promise<string[]> =>
  (await tasks.listTransitions(id)).map(({ toStatus }) => toStatus);

const made = (id: string): string[] =>
  harness.lines
    .filter(({ message, fields }) => message === "unit made" && fields["task_id"] === id)
    .map(({ fields }) => `${fields["step"]} ${fields["unit"]} ${fields["take"]}`);

const queue = (taskId: string) => actions.queue({ taskId, ownerId: null, by: "somebody", isAdmin: false });

test("a task goes from draft over a rejected clip to published; only what was rejected is made again, only what changed is asked again", {
  timeout: 300_000,
}, async () => {
  const id = await plan("coast", { gates: { ...OFF, video: "on", audio: "on" } });
  expect(await queue(id)).toMatchObject({ kind: "queued", fromStep: "assets" });
  const say = (gate: "video" | "audio" | "final", decision: "approved" | "rejected", more = {}) =>
    actions.review({ taskId: id, ownerId: null, by: "editor", roles: [], gate, decision, comment: "so", ...more });
  await reaches(id, "video_ready");
  expect(await say("video", "approved")).toMatchObject({ kind: "applied" });
  await reaches(id, "audio_ready");
  await say("audio", "approved");
  await reaches(id, "final_review");
  expect(made(id)).toHaveLength(11);
  await say("final", "rejected", { step: "video", clips: [2] });
  await reaches(id, "video_error");
  expect(await queue(id)).toMatchObject({ kind: "queued", fromStep: "video" });
  await reaches(id, "video_ready");
  await say("video", "approved");
  // the narration is what it was: nobody is asked again
  await reaches(id, "final_review");
  await say("final", "approved");
  const published = await reaches(id, "published");
  expect(made(id).slice(11)).toEqual(["video 02 2", "assembly final 1"]);
  expect(published).toMatchObject({ runNo: 2, youtubeUrl: expect.stringMatching(/^\/library\//) });
  expect(published.finalVideoDuration).toBeGreaterThan(0.5);
  const toPublished = ["approved", "queued", "claimed", "uploading", "published"];
  expect((await statuses(id)).slice(-toPublished.length)).toEqual(toPublished);
  const edges = await harness.sql`
    select 1 from task_transitions t where t.task_id = ${id} and from_status is not null
      and not exists (select from task_edges e where e.from_status = t.from_status and e.to_status = t.to_status)`;
  expect(edges).toHaveLength(0);
});

test("C-Q13 a provider that asks for patience sends the task back to the queue: no attempt is lost, no clip made twice, each call counted", {
  timeout: 300_000,
}, async () => {
  let calls = 0;
  beforeClip = () => {
    calls += 1;
    if (calls === 2) throw new MillraceError("MEDIA_RATE_LIMITED", "patience", { retry: "park", retryAfterMs: 300 });
  };
  await harness.sql`insert into quotas (service, pool, daily_limit) values ('kie', 'deployment', 100)
    on conflict (service, pool) do update set daily_limit = 100`;
  const usedBefore = await harness.sql<{ used: number }[]>`
    select coalesce(sum(units_used), 0)::int as used from quota_usages where service = 'kie' and pool = 'deployment'`;
  const id = await plan("patience", { gates: OFF, final_gate: "off" });
  await queue(id);
  const task = await reaches(id, "published");
  beforeClip = () => {};
  expect(calls).toBe(3);
  const clips = made(id).filter((unit) => unit.startsWith("video"));
  expect(clips.sort()).toEqual(["video 01 1", "video 02 1"]);
  const hops = (await statuses(id)).join(" ");
  expect(hops).toContain("generating_video queued claimed generating_video video_ready");
  expect(task.errorLog).toBeNull();
  const [run] = await tasks.listRuns(id);
  expect(run).toMatchObject({ runNo: 1, outcome: "published" });
  const job = await harness.find(run!.jobId);
  expect(job).toMatchObject({ status: "completed", retryCount: 0 });
  const [used] = await harness.sql<{ used: number }[]>`
    select coalesce(sum(units_used), 0)::int as used from quota_usages where service = 'kie' and pool = 'deployment'`;
  expect(used!.used - usedBefore[0]!.used).toBe(3);
  await until(async () => (await harness.sql`select 1 from permits`).length === 0);
});

test("texts of another number than clips fail the task with the words why, and a corrected task goes on", {
  timeout: 300_000,
}, async () => {
  const id = await plan("texts", { gates: OFF, final_gate: "off" });
  await tasks.updateTask(id, null, { narrationScripts: ["One.", "Two."], sfxDescriptions: ["rain"] });
  await queue(id);
  const failed = await reaches(id, "asset_error");
  expect(failed).toMatchObject({ errorStep: "assets", errorCode: "MEDIA_REFUSED" });
  expect(failed.errorLog).toContain("exactly 2");
  await tasks.updateTask(id, null, { sfxDescriptions: null });
  await queue(id);
  await reaches(id, "published");
});
