import {
  advance,
  type Gate,
  type GateRequest,
  gateOf,
  type JobStore,
  MillraceError,
  notionId,
  type PipelineSpec,
  parkForReview,
  placeAfter,
  placeOf,
  type Settlement,
  type StagePlace,
  silentLog,
  specRegistryOf,
} from "@millrace/core";
import {
  connectDatabase,
  createJobStore,
  createKeyStore,
  createTaskStore,
  type Database,
  newId,
  type TaskRow,
  type TaskStore,
} from "@millrace/db";
import { createCancel, createSubmit } from "@millrace/engine";
import {
  applyChannels,
  createBoardSync,
  createTaskActions,
  type SyncRound,
  type TaskActions,
  videoSpec,
} from "@millrace/pipelines";
import { createNotion, createOutboundFetch, parseChannelFields } from "@millrace/providers";
import { connectQueue } from "@millrace/queue";
import {
  type CollectedLogs,
  collectLogs,
  createTestDatabase,
  type FakeNotion,
  type FakeNotionPage,
  notionProperties,
  type SettableClock,
  settableClock,
  startFakeNotion,
  testRedis,
} from "@millrace/testing";

const spec = videoSpec() as PipelineSpec;
const WORKER = { worker: "worker-1", leaseMs: 600_000 };

export interface BoardUnderTest {
  readonly notion: FakeNotion;
  readonly tasks: TaskStore;
  readonly store: JobStore;
  readonly sql: Database["query"];
  readonly actions: TaskActions;
  readonly clock: SettableClock;
  readonly logs: CollectedLogs;
  /** uuid of the channel Nature. */
  readonly channelId: string;
  readonly ownerId: string;
  addPage(texts?: {
    readonly title?: string;
    readonly topic?: string;
    readonly channel?: string;
    readonly status?: string;
    readonly priority?: string | null;
  }): FakeNotionPage;
  /** As a person does it in Notion. */
  choose(page: FakeNotionPage, status: string, note?: string): void;
  /** Of the next writes: they happen, and nobody hears of it. */
  loseAnswers(count: number): void;
  round(): Promise<SyncRound>;
  taskOf(page: FakeNotionPage): Promise<TaskRow>;
  /** A worker takes the task's job. */
  claim(page: FakeNotionPage): Promise<void>;
  /** A worker takes the task's job and settles what it was claimed for. */
  settle(page: FakeNotionPage, settlement: (next: StagePlace) => Settlement): Promise<void>;
  /** Made up to this gate, where it waits. */
  makeUpTo(
    page: FakeNotionPage,
    gate: "assets" | "video" | "audio" | "final",
    policy?: Partial<GateRequest>,
  ): Promise<void>;
  close(): Promise<void>;
}

const made = { output: {}, warnings: [] };
const STEP_OF_GATE = { assets: "assets", video: "video", audio: "audio", final: "assembly" } as const;

const propertyText = (page: FakeNotionPage, name: string): string => {
  const property = page.properties[name] as {
    rich_text?: { plain_text: string }[];
    select?: { name: string } | null;
    url?: string | null;
  };
  return property.rich_text?.map((piece) => piece.plain_text).join("") ?? property.select?.name ?? property.url ?? "";
};
export const statusOf = (page: FakeNotionPage): string => propertyText(page, "Status");
export const logOf = (page: FakeNotionPage): string => propertyText(page, "Error Log");
export const textOf = propertyText;

/** A board in a fake Notion, with a real database, queue and the doors of the engine behind it. */
export async function startBoard(fields: object = {}): Promise<BoardUnderTest> {
  const database = await createTestDatabase();
  const redis = testRedis();
  const db = connectDatabase({ url: database.url, maxConnections: 4, applicationName: "notion-test" });
  const notion = await startFakeNotion();
  const clock = settableClock(new Date());
  const logs = collectLogs();
  const store = createJobStore(db);
  const tasks = createTaskStore(db);
  const queue = await connectQueue({ redisUrl: redis.url }, { role: "producer", log: silentLog, prefix: redis.prefix });
  const { id: ownerId } = await createKeyStore(db).createOwner({ name: "videos" });
  const parsed = parseChannelFields({
    channel_id: "nature",
    channel_name: "Nature",
    notion_database_id: notion.databaseId,
    ...fields,
  });
  if ("reasons" in parsed) throw new Error(parsed.reasons.join());
  await applyChannels({ channels: [parsed.channel], problems: [] }, { ownerId, rows: tasks });
  const channel = await tasks.findVideoChannel("nature", null);
  // what one test leaves unfinished must not keep the next one's job in the line
  await db.query("update channels set max_in_flight = null");
  const specs = specRegistryOf([spec]);
  const needs = { store, queue, specs, log: silentLog, clock, newId };
  const actions = createTaskActions({ tasks, jobs: store, submit: createSubmit(needs), cancel: createCancel(needs) });
  const client = createNotion({
    fetch: createOutboundFetch({ userAgent: "test", allowLoopback: true }),
    token: notion.token,
    baseUrl: notion.url,
    timeoutMs: 5_000,
    limiter: { enter: async () => {}, pause: () => {}, pausedMs: () => 0 },
    wait: async () => {},
  });
  let lost = 0;
  const update: typeof client.update = async (...change) => {
    const page = await client.update(...change);
    if (lost-- > 0) throw new MillraceError("MEDIA_PROVIDER_FAILED", "no answer");
    return page;
  };
  const sync = createBoardSync({
    tasks,
    boards: tasks,
    actions,
    notionOf: async () => ({ ...client, update }),
    pullEveryMs: 10_000,
    clock,
    log: logs.log,
  });

  const taskOf = async (page: FakeNotionPage): Promise<TaskRow> => {
    const task = await tasks.findTaskOfPage(notionId(page.id) ?? "", null);
    if (task === undefined) throw new Error(`the page ${page.id} has no task`);
    return task;
  };
  const claimJob = async (page: FakeNotionPage) => {
    const { job } = await taskOf(page);
    for (const lane of ["media", "io"] as const) await store.dispatch(lane, 1_000);
    const found = await store.findJob(job?.id ?? "", null);
    if (found === undefined) throw new Error("the task has no job");
    const answer = await store.claim({ jobId: found.id, dispatchNo: found.dispatchNo }, WORKER);
    if (answer.kind !== "claimed") throw new Error(`the job is ${answer.kind}`);
    return answer.job;
  };
  const settle = async (page: FakeNotionPage, settlement: (next: StagePlace) => Settlement): Promise<void> => {
    const { id: jobId, stage, fence } = await claimJob(page);
    await settleClaimed({ jobId, stage, fence }, settlement);
  };
  const settleClaimed = async (
    claim: { readonly jobId: string; readonly stage: string; readonly fence: number },
    settlement: (next: StagePlace) => Settlement,
  ): Promise<void> => {
    const next = placeAfter(spec, placeOf(spec, claim.stage) as StagePlace) as StagePlace;
    const answer = await store.settle({ ...claim, settlement: settlement(next) }, WORKER);
    if (answer.kind !== "applied") throw new Error(`the settlement was ${answer.kind}`);
  };

  return {
    notion,
    tasks,
    store,
    sql: db.query,
    actions,
    clock,
    logs,
    channelId: channel?.id ?? "",
    ownerId,
    addPage: ({
      title = "The fox",
      topic = "Foxes",
      channel: name = "Nature",
      status = "Draft",
      priority = null,
    } = {}) =>
      notion.addPage(
        notionProperties({
          title,
          texts: { Topic: topic, "Story Direction": "Begin at night", "Error Log": "" },
          selects: { Status: status, Channel: name, Priority: priority },
          urls: { "YouTube URL": null },
        }),
      ),
    choose(page, status, note) {
      const log = note === undefined ? logOf(page) : [logOf(page), note].filter(Boolean).join("\n");
      Object.assign(page.properties, notionProperties({ texts: { "Error Log": log }, selects: { Status: status } }));
      page.editedAt = clock.now().toISOString();
      page.editedBy = PERSON;
    },
    loseAnswers(count) {
      lost = count;
    },
    async round() {
      // every board and every pause is due
      clock.advance(61_000);
      return sync.round(new AbortController().signal);
    },
    taskOf,
    async claim(page) {
      await claimJob(page);
    },
    settle,
    async makeUpTo(page, gate, policy = {}) {
      const job = await claimJob(page);
      const claim = { jobId: job.id, fence: job.fence };
      const last = STEP_OF_GATE[gate];
      for (let stage = job.stage; ; ) {
        if (stage === last) {
          const asked: Gate = gateOf({ ...ASKS_ANYBODY, name: gate, ...policy });
          return settleClaimed({ ...claim, stage }, (next) => parkForReview(asked, { ...next, quota: null }, made));
        }
        await settleClaimed({ ...claim, stage }, (next) => advance(next, made));
        stage = (placeAfter(spec, placeOf(spec, stage) as StagePlace) as StagePlace).name;
      }
    },
    async close() {
      await notion.stop();
      await queue.close();
      await db.close();
      await Promise.all([database.drop(), redis.flush()]);
    },
  };
}

export const PERSON = "11111111-2222-3333-4444-555555555555";

const ASKS_ANYBODY = {
  approvals: 1,
  roles: [],
  allowsSelfApproval: true,
  needsReason: false,
  expiresInMs: null,
  onExpiry: null,
} as const;
