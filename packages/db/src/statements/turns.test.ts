import { complete, gateOf, parkForReview, retryLater, StoreUnavailableError } from "@millrace/core";
import { until } from "@millrace/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { connectDatabase } from "../database.ts";
import { claimed, HOLDER, newJob, OUTPUT, place, settle, storeUnderTest, submitted } from "../job-store.fixture.ts";
import { createJobStore } from "../job-store.ts";
import { newId } from "../new-id.ts";
import { countWrongTurns, repairTurns } from "./turns.ts";

const t = storeUnderTest();
const ERROR = { code: "URL_UNREACHABLE", message: "no", stage: "one" } as const;

beforeEach(async () => {
  await t.db.query("delete from pipeline_jobs where $1 = 1", [1]);
  await t.db.query("delete from channel_turns where $1 = 1", [1]);
});

async function waiting(): Promise<Record<string, number>> {
  const rows = await t.db.query<{ key: string; waiting: number }>(
    "select lane || ' ' || rank || ' ' || channel_id as key, waiting from channel_turns where waiting <> 0",
  );
  return Object.fromEntries(rows.map((row) => [row.key, row.waiting]));
}

describe("the count of who waits", () => {
  const channelId = newId();
  const inLine = (overrides = {}) =>
    submitted(t.store, newJob(t.ownerId, { channelId, isDispatched: false, ...overrides }));

  it("follows every way into line and out of it, in the statement that goes it", async () => {
    const key = `io 1 ${channelId}`;
    const one = await inLine();
    await inLine({ priority: "high", lane: "cpu" });
    await inLine({ channelId: null, priority: "low" });
    await submitted(t.store, newJob(t.ownerId, { channelId }));
    expect(await waiting()).toEqual({
      [key]: 1,
      [`cpu 0 ${channelId}`]: 1,
      "io 2 00000000-0000-0000-0000-000000000000": 1,
    });
    expect(await t.store.dispatch("io", 10)).toHaveLength(2);
    await t.store.dispatch("cpu", 10);
    expect(await waiting()).toEqual({});

    const job = await claimed(t.store, one.jobId);
    await settle(t.store, job, parkForReview(gateOf("look"), place("two", 1), OUTPUT));
    expect(await waiting()).toEqual({});
    const decision = { gate: "look", decision: "approved", decidedBy: "ann", roles: [], comment: null } as const;
    await t.store.decideReview({ jobId: one.jobId, ownerId: t.ownerId, ...decision });
    expect(await waiting()).toEqual({ [key]: 1 });
    await t.store.cancel({ jobId: one.jobId, ownerId: null, by: "ann", reason: null });
    expect(await waiting()).toEqual({});

    const gone = await inLine();
    expect(await waiting()).toEqual({ [key]: 1 });
    await t.db.query("delete from pipeline_jobs where id = $1", [gone.jobId]);
    expect(await waiting()).toEqual({});
    await inLine();
    await t.db.query("truncate pipeline_jobs cascade");
    expect(await waiting()).toEqual({});
  });

  it("stays right when a job in line changes after the dispatch statement has begun to look", async () => {
    const job = newJob(t.ownerId, { channelId, isDispatched: false });
    await submitted(t.store, job);
    await inLine();
    let dispatching: Promise<unknown[]> = Promise.resolve([]);
    await t.db.transaction(async (query) => {
      await query("select from turn_clocks order by lane, rank for no key update");
      dispatching = t.store.dispatch("io", 10);
      await until(
        async () =>
          (
            await t.db.query<{ n: number }>(
              "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
            )
          )[0]!.n > 0,
        { message: "the dispatch statement to wait" },
      );
      await t.store.submit({ ...job, id: newId() });
    });
    const tickets = await dispatching;
    expect(await countWrongTurns(t.db.query)).toBe(0);
    expect([...tickets, ...(await t.store.dispatch("io", 10))]).toHaveLength(2);
    expect(await waiting()).toEqual({});
  });

  it("is repaired where it is wrong, and what nobody needs is forgotten", async () => {
    await inLine();
    await inLine();
    await inLine({ priority: "low" });
    const stranger = newId();
    await t.db.query("update channel_turns set waiting = 7 where rank = 1 and lane = 'io'");
    await t.db.query("delete from channel_turns where rank = 2 and lane = 'io'");
    await t.db.query(
      `insert into channel_turns (lane, rank, channel_id, waiting, vtime, turn_no)
       values ('io', 0, $1, 3, 0, 1), ('io', 1, $1, 0, 0, 1), ('io', 2, $1, 0, 9e15, 1)`,
      [stranger],
    );
    expect(await countWrongTurns(t.db.query)).toBe(3);
    expect(await repairTurns(t.db.query)).toBe(3);
    expect(await waiting()).toEqual({ [`io 1 ${channelId}`]: 2, [`io 2 ${channelId}`]: 1 });
    expect(await repairTurns(t.db.query)).toBe(0);
    const left = await t.db.query("select rank from channel_turns where channel_id = $1", [stranger]);
    expect(left).toEqual([{ rank: 2 }]);
    expect(await t.store.dispatch("io", 10)).toHaveLength(3);
  });
});

describe("under load", () => {
  it("loses no count, dispatches once and exceeds no cap while two leaders, submits, settles, retries and cancels run at once (C-Q06, C-Q09)", async () => {
    const other = connectDatabase({ url: t.database.url, maxConnections: 8, applicationName: "db-test" });
    const stores = [t.store, createJobStore(other)] as const;
    const channels = Array.from({ length: 12 }, () => newId());
    await t.db.query("insert into channels (id, max_in_flight) select unnest($1::uuid[]), 2", [
      `{${channels.slice(0, 6).join(",")}}`,
    ]);
    const TOTAL = 1_500;
    const all: string[] = [];
    let isOver = false;
    let mostOver = 0;

    const submitter = async (n: number): Promise<void> => {
      for (let i = n; i < TOTAL; i += 3) {
        const burst = Array.from({ length: 1 + (i % 7) }, (_, k) =>
          newJob(t.ownerId, {
            channelId: channels[(i * 5 + k * 7) % channels.length]!,
            lane: k % 2 === 0 ? "io" : "cpu",
            priority: (["high", "normal", "low"] as const)[(i + k) % 3]!,
            isDispatched: false,
          }),
        );
        if (all.length >= TOTAL) return;
        all.push(...burst.map(({ id }) => id));
        await Promise.all(burst.map((job) => stores[i % 2]!.submit(job)));
      }
    };
    const worker = async (store: typeof t.store, jobId: string, dispatchNo: number): Promise<void> => {
      const answer = await store.claim({ jobId, dispatchNo }, HOLDER);
      if (answer.kind !== "claimed") return;
      const fate = (answer.job.seq + answer.job.fence) % 5;
      const ends = fate === 0 ? retryLater(0, ERROR) : complete(OUTPUT);
      await store.settle({ jobId, stage: answer.job.stage, fence: answer.job.fence, settlement: ends }, HOLDER);
    };
    const leader = async (store: typeof t.store): Promise<void> => {
      while (!isOver) {
        for (const lane of ["io", "cpu"] as const) {
          // a statement that a busy machine does not finish in time has changed nothing, and is for the next round
          const tickets = await store.dispatch(lane, 25).catch((error: unknown) => {
            if (error instanceof StoreUnavailableError) return [];
            throw error;
          });
          await Promise.all(tickets.map(({ jobId, dispatchNo }) => worker(store, jobId, dispatchNo)));
        }
      }
    };
    const canceller = async (): Promise<void> => {
      for (let i = 0; !isOver; i++) {
        const jobId = all[(i * 37) % Math.max(1, all.length)];
        if (jobId === undefined || i % 4 !== 0) await t.db.query("select 1");
        else await t.store.cancel({ jobId, ownerId: null, by: "ann", reason: null });
      }
    };
    const watcher = async (): Promise<void> => {
      while (!isOver) {
        const [row] = await t.db.query<{ most: number }>(
          `select coalesce(max(n), 0)::int as most from (
             select count(*) as n from pipeline_jobs j join channels c on c.id = j.channel_id
             where j.dispatched_at is not null and j.status in ('pending', 'processing') group by c.id
           ) x`,
        );
        mostOver = Math.max(mostOver, row!.most);
      }
    };
    const untilDone = async (): Promise<void> => {
      await Promise.all([0, 1, 2].map(submitter));
      for (;;) {
        const [row] = await t.db.query<{ n: number }>(
          "select count(*)::int as n from pipeline_jobs where status in ('pending', 'processing')",
        );
        await repairTurns(t.db.query).then((wrong) => expect(wrong).toBe(0));
        if (row!.n === 0) break;
      }
      isOver = true;
    };
    try {
      await Promise.all(
        [untilDone(), leader(stores[0]), leader(stores[1]), leader(stores[1]), canceller(), watcher()].map((p) =>
          p.catch((error: unknown) => {
            isOver = true;
            throw error;
          }),
        ),
      );
    } finally {
      isOver = true;
      await other.close();
    }
    expect(mostOver).toBe(2);
    expect(await waiting()).toEqual({});
    const [counts] = await t.db.query<{ dispatches: number; numbers: number; jobs: number }>(
      `select (select count(*)::int from job_events e join pipeline_jobs j on j.id = e.job_id where event = 'dispatch') as dispatches,
         (select sum(dispatch_no)::int from pipeline_jobs) as numbers, (select count(*)::int from pipeline_jobs) as jobs`,
    );
    expect(counts!.jobs).toBe(all.length);
    expect(counts!.dispatches).toBe(counts!.numbers);
    const [stats] = await t.db.query<{ deadlocks: string }>(
      "select deadlocks from pg_stat_database where datname = current_database()",
    );
    expect(Number(stats!.deadlocks)).toBe(0);
  }, 180_000);
});
