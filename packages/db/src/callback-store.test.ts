import { fail } from "@millrace/core";
import { beforeEach, describe, expect, it } from "vitest";
import { type CallbackStore, createCallbackStore } from "./callback-store.ts";
import { createDeliveryStore } from "./delivery-store.ts";
import { claimed, createOwner, DONE, newJob, settle, storeUnderTest, submitted } from "./job-store.fixture.ts";
import { newId } from "./new-id.ts";

const t = storeUnderTest();
let callbacks: CallbackStore;
let ownerId: string;
beforeEach(async () => {
  // what another test left pending is not this one's to take
  await t.db.query("delete from callback_deliveries");
  callbacks = createCallbackStore(t.db);
  ownerId = await createOwner(t.db);
});

const url = "https://example.org/hook";
const limits = { maxAttempts: 3, disableAfter: { failures: 20, spanMs: 3_600_000 } };
const take = { limit: 100, perEndpoint: 100, underWay: new Map<string, number>(), leaseMs: 60_000 };

async function endpoint(over: { url?: string; isEnabled?: boolean; allowsJobUrls?: boolean; owner?: string } = {}) {
  const { owner = ownerId, ...rest } = over;
  const made = await callbacks.createEndpoint({
    id: newId(),
    ownerId: owner,
    url,
    secret: "whsec_one",
    description: "",
    payload: "summary",
    allowsJobUrls: false,
    isEnabled: true,
    ...rest,
  });
  if (made === "one_is_enabled") throw new Error("one is enabled");
  return made;
}

async function ended(metadata: Record<string, string> = {}, verdict = DONE): Promise<string> {
  const { jobId } = await submitted(t.store, newJob(ownerId, { metadata, stageCount: 1 }));
  await settle(t.store, await claimed(t.store, jobId), verdict);
  return jobId;
}

const deliveryOf = async (jobId: string) => (await callbacks.listJobsDeliveries(jobId))[0];

describe("a delivery is born", () => {
  it("for the enabled endpoint, and for one that was disabled for failing while there is no other", async () => {
    const old = await endpoint();
    await t.db.query(
      "update callback_endpoints set is_enabled = false, disabled_reason = 'failing', disabled_at = now() where id = $1",
      [old.id],
    );
    expect(await deliveryOf(await ended())).toMatchObject({ endpointId: old.id, status: "pending" });
    const current = await endpoint();
    expect(await deliveryOf(await ended())).toMatchObject({ endpointId: current.id });
    for (const reason of ["owner", "gone", "deleted"]) {
      await t.db.query("update callback_endpoints set is_enabled = false, disabled_reason = $2 where owner_id = $1", [
        ownerId,
        reason,
      ]);
      expect(await deliveryOf(await ended()), reason).toBeUndefined();
    }
  });

  it("with the job's own address only where the endpoint allows that", async () => {
    const own = "https://own.example/";
    const made = await endpoint();
    expect(await deliveryOf(await ended({ callback_url: own }))).toMatchObject({ url });
    await callbacks.changeEndpoint({ id: made.id, ownerId, change: { allowsJobUrls: true } });
    expect(await callbacks.allowsJobUrls(ownerId)).toBe(true);
    expect(await deliveryOf(await ended({ callback_url: own }))).toMatchObject({ url: own });
    expect(
      await deliveryOf(await ended({}, fail({ code: "WORKER_LOST", message: "gone", stage: "one" }))),
    ).toMatchObject({
      url,
      event: "pipeline_job.failed",
    });
  });
});

describe("taking", () => {
  it("gives each due row to one of many at once, its endpoint's share at most", async () => {
    await endpoint();
    for (let n = 0; n < 12; n++) await ended();
    const { take: takeNow } = createDeliveryStore(t.db);
    const some = { ...take, perEndpoint: 3 };
    const rounds = await Promise.all([takeNow(some), takeNow(some), takeNow(some)]);
    for (const round of rounds) expect(round.length).toBeLessThanOrEqual(3);
    const ids = rounds.flat().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const [first] = rounds.flat();
    const room = await takeNow({ ...some, underWay: new Map([[first!.endpointId, 2]]) });
    expect(room).toHaveLength(1);
    expect(await takeNow({ ...some, underWay: new Map([[first!.endpointId, 3]]) })).toEqual([]);
    const rest = await takeNow(take);
    expect(ids.length + room.length + rest.length).toBe(12);
    expect(await takeNow(take)).toEqual([]);
  });

  it("gives a broken-off attempt to the next at once, and not one that is in newer hands", async () => {
    await endpoint();
    const jobId = await ended();
    const store = createDeliveryStore(t.db);
    const [early] = await store.take(take);
    await store.giveBack([early!]);
    const [again] = await store.take(take);
    expect(again).toMatchObject({ id: early!.id, attempt: 1, fence: 2 });
    await store.giveBack([early!]);
    expect(await store.take(take)).toEqual([]);
    expect((await deliveryOf(jobId))?.log.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });

  it("shows both secrets while one is being changed, the newest first, and one when that is over", async () => {
    const { id } = await endpoint();
    await callbacks.rotateSecret({ id, ownerId, secret: "whsec_two", overlapSeconds: 60 });
    await ended();
    const store = createDeliveryStore(t.db);
    const [both] = await store.take(take);
    expect(both?.secrets).toEqual(["whsec_two", "whsec_one"]);
    await t.db.query(
      "update callback_endpoints set previous_secret_until = now() - interval '1 second' where id = $1",
      [id],
    );
    await store.giveBack([both!]);
    expect((await store.take(take))[0]?.secrets).toEqual(["whsec_two"]);
    expect((await callbacks.findSigning({ id, ownerId }))?.secrets).toEqual(["whsec_two"]);
    expect((await callbacks.findEndpoint({ id, ownerId }))?.previousSecretUntil).toBeNull();
  });

  it("looks at no row of an endpoint that is disabled or has none due, however many there are", async () => {
    const busy = await endpoint();
    await t.db.query(
      `with jobs as (
         insert into pipeline_jobs (id, owner_id, pipeline, pipeline_version, resource_key, lane, stage, stage_count,
           max_retries, input, status, dispatched_at, finished_at)
         select gen_random_uuid(), $1::uuid, 'noop', '1', 'cid:' || gen_random_uuid(), 'io', 'one', 1, 0, '{}', 'completed', now(), now()
         from generate_series(1, 5000) returning id)
       insert into callback_deliveries (job_id, endpoint_id, event, next_attempt_at)
       select id, $2::uuid, 'pipeline_job.completed', now() + interval '1 hour' from jobs`,
      [ownerId, busy.id],
    );
    // the events that jobs made by hand lack
    await t.db.query(
      `insert into job_events (job_id, event, from_status, to_status, actor)
       select id, 'submit', null, 'completed', 'test' from pipeline_jobs where owner_id = $1`,
      [ownerId],
    );
    await t.db.transaction(async (query) => {
      const before = await touchedIn(query);
      expect(await createDeliveryStore({ ...t.db, query }).take(take)).toEqual([]);
      expect((await touchedIn(query)) - before).toBeLessThan(100);
    });
  });
});

async function touchedIn(query: typeof t.db.query): Promise<number> {
  const [row] = await query<{ n: number }>(
    `select coalesce(sum(idx_tup_fetch) + sum(seq_tup_read), 0)::int as n from pg_stat_xact_user_tables
     where relname = 'callback_deliveries'`,
  );
  return row?.n ?? 0;
}

describe("recording", () => {
  it("is under the newest take only, counts failures in a row and starts anew with a success", async () => {
    const { id } = await endpoint();
    const store = createDeliveryStore(t.db);
    const facts = {
      statusCode: 500,
      error: "HTTP 500",
      latencyMs: 1.6,
      requestHeaders: {},
      responseBody: "a\u0000b",
      retryInMs: 0,
    };
    const jobs = [await ended(), await ended()];
    for (const one of await store.take(take)) {
      const record = { id: one.id, fence: one.fence, ...facts, outcome: "failed" as const };
      expect(await store.record(record, limits)).toEqual({ status: "pending", isEndpointDisabled: false });
      expect(await store.record(record, limits)).toMatchObject({ status: "pending" });
    }
    expect((await callbacks.findEndpoint({ id, ownerId }))?.failures).toBe(4);
    const [next] = await store.take(take);
    await store.record(
      { ...facts, id: next!.id, fence: next!.fence, outcome: "delivered", error: null, statusCode: 204 },
      limits,
    );
    expect(await callbacks.findEndpoint({ id, ownerId })).toMatchObject({ failures: 0, failingSince: null });
    const logs = await Promise.all(jobs.map(async (job) => (await deliveryOf(job))?.log ?? []));
    expect(logs.flat().filter((line) => line.responseBody === "ab" && line.latencyMs === 2)).toHaveLength(3);
  });
});

describe("sending again", () => {
  it("starts three attempts anew, leaves one under way alone, and goes to the enabled endpoint", async () => {
    const first = await endpoint();
    const job = await ended();
    const store = createDeliveryStore(t.db);
    const [taken] = await store.take(take);
    expect(await callbacks.redeliver({ id: taken!.id, ownerId })).toBe("pending");
    expect(await store.take(take)).toEqual([]);
    const gone = {
      statusCode: 410,
      error: "HTTP 410",
      latencyMs: 1,
      requestHeaders: {},
      responseBody: "",
      retryInMs: 0,
    };
    expect(await store.record({ id: taken!.id, fence: taken!.fence, ...gone, outcome: "gone" }, limits)).toEqual({
      status: "exhausted",
      isEndpointDisabled: true,
    });
    expect(await callbacks.redeliver({ id: taken!.id, ownerId })).toBe("no_endpoint");
    expect(await callbacks.redeliverExhausted({ ownerId, since: new Date(0), limit: 10 })).toBe(0);
    const second = await endpoint({ url: "https://second.example/" });
    expect(await callbacks.redeliver({ id: taken!.id, ownerId: await createOwner(t.db) })).toBe("not_found");
    expect(await callbacks.redeliverExhausted({ ownerId, since: new Date(0), limit: 10 })).toBe(1);
    expect(await deliveryOf(job)).toMatchObject({
      status: "pending",
      attempts: 0,
      endpointId: second.id,
      url: second.url,
    });
    expect((await store.take(take))[0]).toMatchObject({ attempt: 1, url: second.url });
    expect((await callbacks.findEndpoint({ id: first.id, ownerId }))?.disabledReason).toBe("gone");
  });
});
