import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Blobs, type JobStore, type NewJob, silentLog, systemClock, type Ticket } from "@millrace/core";
import {
  connectDatabase,
  createAlertStore,
  createChannelStore,
  createExtractionStore,
  createJobStore,
  createKeyStore,
  createTaskStore,
  createTaskWork,
  type Database,
  type KeyStore,
  newId,
  type TaskStore,
  type TaskWork,
} from "@millrace/db";
import { openBlobs } from "@millrace/providers";
import { type ConnectedQueue, connectQueue } from "@millrace/queue";
import { createTestDatabase, type SwallowingProxy, swallowingProxy, testRedis } from "@millrace/testing";
import request from "supertest";
import { createDashboard } from "./create-dashboard.ts";
import { wireTasks } from "./video/wire-tasks.ts";

export const PASSWORD = "a long password";

export interface Rig {
  readonly server: Server;
  readonly db: Database;
  readonly store: JobStore;
  readonly tasks: TaskStore;
  readonly work: TaskWork;
  readonly keys: KeyStore;
  readonly blobs: Blobs;
  readonly ownerId: string;
  readonly queue: ConnectedQueue;
  /** Between the dashboard and Postgres. */
  readonly proxy: SwallowingProxy;
  submit(resourceKey: string, more?: Partial<NewJob>): Promise<Ticket>;
  signIn(): Promise<ReturnType<typeof request.agent>>;
  close(): Promise<void>;
}

/** A dashboard with real stores of its own. */
export async function startRig(address?: "postgres" | { readonly redisUrl: string }): Promise<Rig> {
  const database = await createTestDatabase();
  const proxy = await swallowingProxy({ port: Number(new URL(database.url).port) });
  const db = connectDatabase({
    url: proxy.through(database.url),
    maxConnections: 4,
    applicationName: "dashboard-test",
  });
  const redis = testRedis();
  const queue = await connectQueue(
    address === "postgres" ? { postgresUrl: database.url } : (address ?? { redisUrl: redis.url }),
    { role: "producer", log: silentLog, prefix: redis.prefix },
  );
  const folder = await mkdtemp(join(tmpdir(), "millrace-dashboard-"));
  const store = createJobStore(db);
  const keys = createKeyStore(db);
  const blobs = await openBlobs(pathToFileURL(folder).href);
  const owner = await keys.createOwner({ name: "dashboard" });
  const app = createDashboard({
    jobs: store,
    bulks: createExtractionStore(db),
    alerts: createAlertStore(db),
    ...wireTasks({ config: LOCAL, db, jobs: store, queue, clock: systemClock, log: silentLog }),
    channels: createChannelStore(db),
    keys,
    blobs,
    queue,
    password: PASSWORD,
    version: "1.2.3",
    clock: systemClock,
    log: silentLog,
    trustedProxies: 1,
  });
  const server = createServer(app).listen(0, "127.0.0.1");
  return {
    server,
    db,
    store,
    tasks: createTaskStore(db),
    work: createTaskWork(db),
    keys,
    blobs,
    ownerId: owner.id,
    queue,
    proxy,
    async submit(resourceKey, more = {}) {
      const job = { ...newJob(owner.id, resourceKey), ...more };
      const answer = await store.submit(job);
      if (answer.kind !== "created") throw new Error(answer.kind);
      return { jobId: answer.jobId, resourceKey, seq: answer.seq, stage: job.stage, dispatchNo: 1, lane: job.lane };
    },
    async signIn() {
      const agent = request.agent(server);
      await agent.post("/login").type("form").send({ password: PASSWORD }).expect(303);
      return agent;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await queue.close();
      await db.close();
      await proxy.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const LOCAL = {
  IMAGE_PROVIDER: "local",
  CLIP_PROVIDER: "local",
  VOICE_PROVIDER: "local",
  SOUND_PROVIDER: "local",
  PUBLISHER: "library",
  UPLOAD_QUOTA_UNITS: undefined,
} as const;

function newJob(ownerId: string, resourceKey: string): NewJob {
  return {
    id: newId(),
    ownerId,
    pipeline: "sample",
    pipelineVersion: "1.0.0",
    resourceKey,
    stage: "read",
    lane: "io",
    stageIndex: 0,
    stageCount: 2,
    priority: "normal",
    channelId: null,
    dataTier: "compact",
    maxRetries: 0,
    input: { note: "<script>alert(1)</script>" },
    metadata: {},
    idempotencyKey: null,
    traceparent: null,
    isDispatched: true,
    content: null,
  };
}
