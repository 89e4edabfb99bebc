import {
  type JobRow,
  type Lane,
  type Log,
  type Pipeline,
  registryOf,
  type Spool,
  specRegistryOf,
  systemClock,
} from "@millrace/core";
import { connectDatabase, createJobStore, newId } from "@millrace/db";
import {
  createCancel,
  createSubmit,
  type LeaderTimings,
  leaderTimings,
  startWorker,
  type WatchdogTimings,
  type Worker,
} from "@millrace/engine";
import { type ConnectQueueOptions, connectQueue } from "@millrace/queue";
import { collectLogs, createTestDatabase, testRedis, until } from "@millrace/testing";
import postgres from "postgres";

/** Leader and lease timings that make recovery a matter of a second. */
export const FAST_LEADER: LeaderTimings = {
  ...leaderTimings(2_000),
  tickMs: 20,
  leaseMs: 1_500,
  reconcileEveryMs: 100,
  reconcileGraceMs: 400,
  sweepCancelsEveryMs: 100,
  outageGraceMs: 300,
  unclaimedMs: 3_000,
};

export interface HarnessWorkerOptions {
  readonly lanes?: Partial<Record<Lane, number>>;
  readonly leaseMs?: number;
  readonly maxCrashes?: number;
  readonly pipelines?: readonly Pipeline[];
  readonly leader?: LeaderTimings | undefined;
  readonly name?: string;
  /** Where its store is; the test's own unless told. */
  readonly databaseUrl?: string;
  /** Where its queue is. */
  readonly redisUrl?: string;
  /** Places for finished results; the queue's own unless told. */
  readonly spools?: readonly Spool[];
  readonly watchdog?: WatchdogTimings;
  /** Shorter waits of its connection to the queue. */
  readonly queueTimings?: ConnectQueueOptions["timings"];
}

/** Real Postgres, real Redis, the real engine: one owner, and as many workers as a test starts. */
export async function startHarness(pipelines: readonly Pipeline[]) {
  const database = await createTestDatabase();
  const redis = testRedis();
  const connectTo = (url: string) => connectDatabase({ url, maxConnections: 4, applicationName: "e2e" });
  const db = connectTo(database.url);
  const sql = postgres(database.url, { max: 2, onnotice: () => {} });
  const { log, lines } = collectLogs();
  const store = createJobStore(db);
  const connect = (role: "producer" | "worker", redisUrl = redis.url, given: ConnectQueueOptions["timings"] = {}) => {
    const timings = { lockMs: 2_000, stalledCheckMs: 500, ...given };
    return connectQueue({ redisUrl }, { prefix: redis.prefix, role, log, timings });
  };
  const queue = await connect("producer");
  const owner = { id: newId() };
  await sql`INSERT INTO owners (id, name) VALUES (${owner.id}, 'e2e')`;
  const workers: { worker: Worker; close: () => Promise<void> }[] = [];
  const registry = registryOf(pipelines);

  const startOne = async (options: HarnessWorkerOptions = {}): Promise<Worker> => {
    const workerQueue = await connect("worker", options.redisUrl, options.queueTimings);
    const ownDb = options.databaseUrl === undefined ? undefined : connectTo(options.databaseUrl);
    const name = options.name ?? `w${workers.length + 1}`;
    const worker = startWorker({
      store: ownDb ? createJobStore(ownDb) : store,
      queue: workerQueue,
      registry: options.pipelines ? registryOf(options.pipelines) : registry,
      clock: systemClock,
      random: Math.random,
      log: log as Log,
      name,
      lanes: options.lanes ?? { io: 20, cpu: 4 },
      leaseMs: options.leaseMs ?? 2_000,
      maxCrashes: options.maxCrashes ?? 3,
      leader: "leader" in options ? options.leader : FAST_LEADER,
      spools: options.spools ?? (workerQueue.spool ? [workerQueue.spool] : []),
      ...(options.watchdog && { watchdog: options.watchdog }),
      onWedged: (lane) => log.error({ lane, worker: name }, "wedged"),
    });
    const close = async (): Promise<void> => {
      await workerQueue.close();
      await ownDb?.close();
    };
    workers.push({ worker, close });
    return worker;
  };

  const find = async (jobId: string): Promise<JobRow> => {
    const job = await store.findJob(jobId, null);
    if (job === undefined) throw new Error(`job ${jobId} is gone`);
    return job;
  };

  const submit = createSubmit({
    store,
    queue,
    specs: specRegistryOf(pipelines.map((p) => p.spec)),
    log,
    clock: systemClock,
    newId,
  });
  let keys = 0;

  return {
    owner,
    store,
    queue,
    redis,
    sql,
    lines,
    database,
    startWorker: startOne,
    cancel: createCancel({ store, queue, log }),
    submit,
    /** Says what a leader would: new jobs of these lanes get their ticket at once. Holds for ten seconds. */
    async openLanes(): Promise<void> {
      for (const lane of ["io", "cpu"] as const) await store.publishRoom(lane, true);
    },
    /** Submits a job of its own key and returns its id. */
    async accept(pipeline: string, input: Record<string, unknown> = {}): Promise<string> {
      const { jobId } = await submit({ ownerId: owner.id, pipeline, input: { key: `k${keys++}`, ...input } });
      if (jobId === null) throw new Error("no job was made");
      return jobId;
    },
    find,
    /** Waits for the job to reach a status, and returns its row. */
    async reaches(jobId: string, ...statuses: JobRow["status"][]): Promise<JobRow> {
      return until(
        async () => {
          const job = await find(jobId);
          return statuses.includes(job.status) ? job : undefined;
        },
        { timeoutMs: 20_000, message: `job ${jobId} reaching ${statuses.join(" or ")}` },
      );
    },
    async close(): Promise<void> {
      await Promise.all(workers.map(({ worker }) => worker.stop({ softMs: 2_000, hardMs: 2_000 })));
      await Promise.all(workers.map(({ close }) => close()));
      await queue.close();
      await db.close();
      await sql.end({ timeout: 2 });
      await database.drop();
    },
  };
}

export type Harness = Awaited<ReturnType<typeof startHarness>>;

/** A promise and its resolver: how a test holds a stage until it wants it to go on. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
