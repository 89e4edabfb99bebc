import {
  advance,
  type ClaimedJob,
  complete,
  type JobStore,
  jobLifecycle,
  type NewJob,
  nextState,
  type Settlement,
  type StagePlace,
  type Submitted,
} from "@millrace/core";
import { createTestDatabase, type TestDatabase } from "@millrace/testing";
import { afterAll, beforeAll, expect } from "vitest";
import { connectDatabase, type Database } from "./database.ts";
import { createJobStore } from "./job-store.ts";
import { newId } from "./new-id.ts";

export interface StoreUnderTest {
  readonly database: TestDatabase;
  readonly db: Database;
  readonly store: JobStore;
  readonly ownerId: string;
}

export const HOLDER = { worker: "worker-1", leaseMs: 30_000 };

/** A store on a database of its own, for one test file. Every event it recorded must be an arrow of the lifecycle. */
export function storeUnderTest(): StoreUnderTest {
  const current = {} as { -readonly [K in keyof StoreUnderTest]: StoreUnderTest[K] };
  beforeAll(async () => {
    current.database = await createTestDatabase();
    current.db = connectDatabase({
      url: current.database.url,
      maxConnections: 8,
      statementTimeoutMs: 10_000,
      queryTimeoutMs: 12_000,
      applicationName: "db-test",
    });
    current.store = createJobStore(current.db);
    current.ownerId = await createOwner(current.db);
  });
  afterAll(async () => {
    await expectLegalHistory(current.db);
    await current.db.close();
    await current.database.drop();
  });
  return current;
}

export async function createOwner(db: Database): Promise<string> {
  const id = newId();
  await db.query("insert into owners (id, name) values ($1, 'somebody')", [id]);
  return id;
}

export function newJob(ownerId: string, overrides: Partial<NewJob> = {}): NewJob {
  return {
    id: newId(),
    ownerId,
    pipeline: "noop",
    pipelineVersion: "1.2.3",
    resourceKey: `cid:${newId()}`,
    stage: "one",
    lane: "io",
    stageIndex: 0,
    stageCount: 3,
    priority: "normal",
    channelId: null,
    dataTier: "compact",
    maxRetries: 3,
    input: { n: 1 },
    metadata: {},
    idempotencyKey: null,
    traceparent: null,
    isDispatched: true,
    content: null,
    ...overrides,
  };
}

export function newContent(overrides: Partial<NonNullable<NewJob["content"]>> = {}): NonNullable<NewJob["content"]> {
  return {
    id: newId(),
    contentType: "markdown",
    title: "Before",
    sourceUrl: null,
    filePath: "a/b.md",
    fileName: "b.md",
    fileSize: 12,
    tags: ["kept"],
    isForced: false,
    ...overrides,
  };
}

export function place(name: string, index: number, lane: "io" | "cpu" = "io"): StagePlace {
  return { name, index, count: 3, spec: { lane } as StagePlace["spec"] };
}

export const OUTPUT = { output: { ok: true }, warnings: [] };
export const TO_TWO: Settlement = advance(place("two", 1), OUTPUT);
export const DONE: Settlement = complete({ output: { answer: 42 }, warnings: [] });

/** Submits and expects a new job. */
export async function submitted(store: JobStore, job: NewJob): Promise<Extract<Submitted, { jobId: string }>> {
  const answer = await store.submit(job);
  if (answer.kind !== "created") throw new Error(`expected a new job, got ${answer.kind}`);
  return answer;
}

/** Claims the row as it stands and expects to get it. */
export async function claimed(store: JobStore, jobId: string, holder = HOLDER): Promise<ClaimedJob> {
  const row = await store.findJob(jobId, null);
  const answer = await store.claim({ jobId, dispatchNo: row!.dispatchNo }, holder);
  if (answer.kind !== "claimed") throw new Error(`expected the claim, got ${answer.kind}`);
  return answer.job;
}

export function settle(store: JobStore, job: ClaimedJob, settlement: Settlement, stage = job.stage) {
  return store.settle({ jobId: job.id, stage, fence: job.fence, settlement }, HOLDER);
}

/** Lets a lease run out without waiting for it. */
export async function expireLease(db: Database, jobId: string): Promise<void> {
  await db.query("update pipeline_jobs set lease_until = now() - interval '1 second' where id = $1", [jobId]);
}

export async function events(store: JobStore, jobId: string): Promise<string[]> {
  return (await store.listEvents(jobId)).map(({ event }) => event);
}

async function expectLegalHistory(db: Database): Promise<void> {
  const rows = await db.query<{ event: never; from_status: never; to_status: string }>(
    "select distinct event, from_status, to_status from job_events where event <> 'submit'",
  );
  for (const { event, from_status, to_status } of rows) {
    expect(nextState(jobLifecycle, from_status, event), `${event} from ${from_status}`).toBe(to_status);
  }
  const [{ missing } = { missing: 0 }] = await db.query<{ missing: number }>(
    `select count(*)::int as missing from pipeline_jobs j
     where j.status is distinct from (select to_status from job_events where job_id = j.id order by id desc limit 1)`,
  );
  expect(missing, "jobs whose status has no event").toBe(0);
}
