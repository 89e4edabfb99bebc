import { createSecretKey, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BodyOf,
  problem as problemSchema,
  problemsOf,
  type QueryOf,
  type Route,
  type RouteId,
  type Routes,
  routes,
} from "@millrace/contracts";
import {
  type Blobs,
  complete,
  firstPlace,
  type GateRequest,
  gateOf,
  type JobStore,
  type Json,
  LANES,
  NO_RETRY,
  type PipelineSpec,
  parkForReview,
  placeAfter,
  type Settlement,
  silentLog,
  systemClock,
} from "@millrace/core";
import {
  type ContentStore,
  connectDatabase,
  createCallbackStore,
  createChannelStore,
  createContentStore,
  createExtractionStore,
  createJobStore,
  createKeyStore,
  createLibraryStore,
  createPermitStore,
  createQuotaStore,
  createReviewStore,
  createTaskStore,
  createTaskWork,
  type Database,
  type KeyStore,
  newId,
} from "@millrace/db";
import { createCancel, createSubmit } from "@millrace/engine";
import { bulkSpec, contentSpec, extractionSpec, videoSpec } from "@millrace/pipelines";
import { createCredentialBox, openBlobs } from "@millrace/providers";
import { connectQueue } from "@millrace/queue";
import { createTestDatabase, type SwallowingProxy, swallowingProxy, testRedis } from "@millrace/testing";
import { expect } from "vitest";
import { z } from "zod";
import { findPrincipalIn, type Verifier } from "./auth/principal.ts";
import { type ApiLimits, createApi } from "./create-api.ts";
import { createFileLinks } from "./file-links.ts";
import { HTTP_STATUS } from "./http/http-status.ts";
import { listen } from "./listen.ts";
import { specsForRequests } from "./specs-for-requests.ts";
import { wireCallbacks } from "./wire-callbacks.ts";

const anything = { parse: (value: unknown) => value };
const stage = { lane: "io", timeoutMs: 1_000, retry: NO_RETRY, isAbortable: true, output: anything } as const;
const sampleInput = z.strictObject({
  key: z.string().min(1),
  items: z.array(z.strictObject({ n: z.int() })).optional(),
});

/** A pipeline with a gate, so that every route has something to work on. */
const sampleSpec: PipelineSpec<z.output<typeof sampleInput>> = {
  name: "sample",
  version: "1.0.0",
  admission: "direct",
  input: sampleInput,
  stages: { one: stage, two: stage },
  maxRetries: 0,
  resourceKey: (input) => `sample:${input.key}`,
};

export interface Asked<Id extends RouteId> {
  readonly key?: string | null;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Partial<Record<keyof QueryOf<Routes[Id]>, unknown>> & Readonly<Record<string, unknown>>;
  readonly body?: Partial<BodyOf<Routes[Id]>> | Json | FormData;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read any field; its shape was checked against the route's schema
  readonly body: any;
  readonly headers: Headers;
}

export interface TestApi {
  readonly url: string;
  /** Past the proxy. */
  readonly databaseUrl: string;
  readonly blobUrl: string;
  readonly store: JobStore;
  readonly contents: ContentStore;
  readonly blobs: Blobs;
  /** Between the API and Postgres. */
  readonly postgres: SwallowingProxy;
  /** Between the API and Redis. */
  readonly redis: SwallowingProxy;
  /** One owner's key, another's, and an admin's. */
  readonly keys: { readonly own: string; readonly foreign: string; readonly admin: string };
  readonly ownerId: string;
  makeKey(options: { scopes?: string[]; isAdmin?: boolean; roles?: string[] }): Promise<{ id: string; key: string }>;
  revokeKey(id: string): Promise<unknown>;
  /** Sends a request and checks that the answer is one the document lists. */
  call<Id extends RouteId>(id: Id, asked?: Asked<Id>): Promise<Answered>;
  fetch(path: string, init?: RequestInit): Promise<Answered>;
  /** Takes a job as a worker would, leaving it with a live lease. */
  claim(jobId: string): Promise<number>;
  /** Contents that were processed by these versions. */
  seedVersions(versions: readonly string[]): Promise<void>;
  /** Takes a job as a worker would, and leaves it at this gate. */
  park(jobId: string, gate: GateRequest): Promise<void>;
  /** Completes a job that was claimed. */
  finishClaimed(jobId: string, fence: number, result: Json): Promise<void>;
  /** Takes a job as a worker would, and settles what it was claimed for like this. */
  settle(jobId: string, settlement: Settlement): Promise<void>;
  /** For what a worker submits. */
  readonly submitNeeds: Parameters<typeof createSubmit>[0];
  /** Asks the database past the API. */
  sql: Database["query"];
  /** Completes a job, whatever stage it stands at. */
  finish(jobId: string, result: Json): Promise<void>;
  /** As if every attempt had failed. */
  exhaust(deliveryIds: readonly string[]): Promise<void>;
  blobKeys(): Promise<string[]>;
  audits(): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

const LIMITS: ApiLimits = {
  maxUploadBytes: 200_000,
  maxTranscriptBytes: 100_000,
  maxExtractionBytes: 300_000,
  maxBulkCallFiles: 5,
  maxBulkFiles: 50,
  maxJsonBytes: 50_000,
  requestsPerMinute: 0,
};

const worker = { worker: "test", leaseMs: 60_000 };

const CREDENTIAL_KEY = { id: "test", key: createSecretKey(randomBytes(32)) };

/** The real app on a real port, with a real Postgres, Redis and folder behind it. */
export async function startTestApi(
  limits: Partial<ApiLimits> = {},
  otherVerifiers: (keys: KeyStore) => readonly Verifier[] = () => [],
  over: { readonly hasCredentialKey?: boolean; readonly notionSecret?: string } = {},
): Promise<TestApi> {
  const database = await createTestDatabase();
  const redisServer = testRedis();
  const folder = await mkdtemp(join(tmpdir(), "millrace-api-"));
  const postgres = await swallowingProxy({ port: Number(new URL(database.url).port) });
  const redis = await swallowingProxy({ port: Number(new URL(redisServer.url).port) });
  const options = { statementTimeoutMs: 2_000, queryTimeoutMs: 3_000, maxConnections: 4 };
  const db = connectDatabase({ ...options, url: postgres.through(database.url), applicationName: "api-test" });
  const direct = connectDatabase({ ...options, url: database.url, applicationName: "api-test-direct" });
  const store = createJobStore(db);
  const directStore = createJobStore(direct);
  // what a leader would say: new jobs get their ticket at once
  await directStore.publishRoom("io", true);
  const keyStore = createKeyStore(direct);
  const [own, foreign] = await Promise.all(["own", "foreign"].map((name) => keyStore.createOwner({ name })));
  const makeKey = (ownerId: string, over: { scopes?: string[]; isAdmin?: boolean; roles?: string[] } = {}) =>
    keyStore.createApiKey({ ownerId, name: "test", ...over }).then(({ key, apiKey }) => ({ key, id: apiKey.id }));
  const queue = await connectQueue(
    { redisUrl: redis.through(redisServer.url) },
    { role: "producer", log: silentLog, prefix: redisServer.prefix },
  );
  const blobs = await openBlobs(`file://${folder}`);
  const specs = specsForRequests([
    contentSpec({ analyserLane: "cpu" }),
    extractionSpec() as PipelineSpec,
    bulkSpec as PipelineSpec,
    videoSpec() as PipelineSpec,
    sampleSpec as PipelineSpec,
  ]);
  const submitNeeds = { store, queue, specs, log: silentLog, clock: systemClock, newId };
  const api = createApi({
    store,
    callbacks: wireCallbacks({ ALLOW_LOOPBACK: true }, createCallbackStore(db)),
    contents: createContentStore(db),
    extractions: createExtractionStore(db),
    channels: createChannelStore(db),
    quotas: createQuotaStore(db),
    permits: createPermitStore(db),
    reviews: createReviewStore(db),
    video: {
      tasks: createTaskStore(db),
      work: createTaskWork(db),
      library: createLibraryStore(db),
      box: over.hasCredentialKey === false ? null : createCredentialBox({ keys: [CREDENTIAL_KEY] }),
      links: over.hasCredentialKey === false ? null : createFileLinks([CREDENTIAL_KEY]),
    },
    notion: { secret: over.notionSecret, signatureHeader: "x-notion-signature" },
    findPrincipal: findPrincipalIn(createKeyStore(db)),
    otherVerifiers: otherVerifiers(keyStore),
    audit: createKeyStore(db).recordAudit,
    queue,
    submit: createSubmit(submitNeeds),
    cancel: createCancel({ store, queue, log: silentLog }),
    specs,
    blobs,
    clock: systemClock,
    log: silentLog,
    newId,
    build: { appVersion: "1.2.3", gitSha: "abc1234", buildDate: "2026-01-01" },
    limits: { ...LIMITS, ...limits },
    settleMs: 50,
  });
  const server = await listen(api, { host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${server.port}`;
  if (own === undefined || foreign === undefined) throw new Error("no owners");
  const keys = {
    own: (await makeKey(own.id)).key,
    foreign: (await makeKey(foreign.id)).key,
    admin: (await makeKey(foreign.id, { isAdmin: true })).key,
  };

  const ask = async (path: string, init: RequestInit = {}): Promise<Answered> => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
  };

  const claim = async (jobId: string): Promise<number> => {
    // the word that there is room is good for some seconds only: without a leader later jobs wait in the backlog
    for (const lane of LANES) await directStore.dispatch(lane, 1_000);
    const job = await directStore.findJob(jobId, null);
    if (job === undefined) throw new Error(`no job ${jobId}`);
    const answer = await directStore.claim({ jobId, dispatchNo: job.dispatchNo }, worker);
    if (answer.kind !== "claimed") throw new Error(`the job is ${answer.kind}`);
    return answer.job.fence;
  };

  const finishClaimed = async (jobId: string, fence: number, result: Json): Promise<void> => {
    const job = await directStore.findJob(jobId, null);
    const settlement = complete({ output: result, warnings: [{ code: "NOTE", message: "made by a test" }] });
    const answer = await directStore.settle({ jobId, stage: job?.stage ?? "", fence, settlement }, worker);
    expect(answer).toMatchObject({ kind: "applied", status: "completed" });
  };

  const settle = async (jobId: string, settlement: Settlement): Promise<void> => {
    const fence = await claim(jobId);
    const job = await directStore.findJob(jobId, null);
    const answer = await directStore.settle({ jobId, stage: job?.stage ?? "", fence, settlement }, worker);
    expect(answer).toMatchObject({ kind: "applied" });
  };

  const park = async (jobId: string, gate: GateRequest): Promise<void> => {
    const fence = await claim(jobId);
    const next = placeAfter(sampleSpec as PipelineSpec, firstPlace(sampleSpec as PipelineSpec));
    if (next === undefined) throw new Error("the sample has one stage only");
    const settlement = parkForReview(gateOf(gate), next, { output: 1, warnings: [] });
    const answer = await directStore.settle({ jobId, stage: "one", fence, settlement }, worker);
    expect(answer).toMatchObject({ kind: "applied" });
  };

  return {
    url,
    databaseUrl: database.url,
    blobUrl: `file://${folder}`,
    store: directStore,
    contents: createContentStore(direct),
    blobs,
    postgres,
    redis,
    keys,
    ownerId: own.id,
    settle,
    submitNeeds,
    sql: direct.query,
    park,
    makeKey: (over) => makeKey(own.id, over),
    revokeKey: (id) => keyStore.revokeApiKey(id),
    async call(id, asked = {}) {
      const route: Route = routes[id];
      const answer = await ask(pathOf(route, asked), initOf(route, asked, keys.own));
      checkAgainst(route, answer);
      return answer;
    },
    fetch: ask,
    claim,
    async seedVersions(versions) {
      for (const version of versions) {
        await direct.query(
          `insert into contents (id, owner_id, resource_key, content_type, pipeline_version)
           values (gen_random_uuid(), $1, gen_random_uuid()::text, 'web', $2)`,
          [own.id, version],
        );
      }
    },
    finishClaimed,
    finish: async (jobId, result) => finishClaimed(jobId, await claim(jobId), result),
    async exhaust(deliveryIds) {
      await direct.query(
        "update callback_deliveries set status = 'exhausted', attempts = 3, next_attempt_at = null where id = any($1::uuid[])",
        [`{${deliveryIds.join(",")}}`],
      );
    },
    async blobKeys() {
      const found: string[] = [];
      for await (const { key } of blobs.list("")) found.push(key);
      return found;
    },
    audits: () =>
      direct.query("select event, actor, owner_id, job_id, content_id, details from audit_events order by id"),
    async close() {
      await server.stop(1_000);
      await queue.close();
      await Promise.all([db.close(), direct.close()]);
      await Promise.all([postgres.close(), redis.close()]);
      await Promise.all([database.drop(), redisServer.flush(), rm(folder, { recursive: true })]);
    },
  };
}

function pathOf(route: Route, { params = {}, query = {} }: Asked<RouteId>): string {
  const path = route.path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(params[name] ?? ""));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) search.append(name, String(each));
  }
  return search.size === 0 ? path : `${path}?${search}`;
}

function initOf(route: Route, { key, body, headers }: Asked<RouteId>, ownKey: string): RequestInit {
  const authorization = key === null ? {} : { authorization: `Bearer ${key ?? ownKey}` };
  const isForm = body instanceof FormData;
  return {
    method: route.method.toUpperCase(),
    headers: {
      ...authorization,
      ...(body !== undefined && !isForm && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
  };
}

/** Every answer in these tests is one the document promises: status, body, media type. */
function checkAgainst(route: Route, { status, body, headers }: Answered): void {
  expect(headers.get("x-request-id")).toBeTruthy();
  const listed = route.responses[status];
  if (listed !== undefined) {
    if (listed.mediaType === "*/*") expect(headers.get("content-type")).toBeTruthy();
    else if (listed.schema === null) expect(headers.get("content-type")).toBe(listed.mediaType ?? null);
    else expect(listed.schema.parse(body)).toEqual(body);
    return;
  }
  const said = problemSchema.parse(body);
  expect(said).toEqual(body);
  expect(headers.get("content-type")).toBe("application/problem+json");
  expect(problemsOf(route)).toContain(said.code);
  expect(HTTP_STATUS[said.code]).toBe(status);
  expect(said.status).toBe(status);
  expect(said.request_id).toBe(headers.get("x-request-id"));
}
