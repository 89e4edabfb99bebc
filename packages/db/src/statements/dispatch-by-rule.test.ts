import {
  type ChannelShare,
  enterClass,
  hasRoom,
  type JobInLine,
  type Lane,
  nextJob,
  ORDINARY_CHANNEL,
  PRIORITIES,
  type Priority,
  type QuotaNeed,
  type QuotaState,
  quotaKey,
  serveTurn,
  type Turn,
} from "@millrace/core";
import { createTestDatabase, type TestDatabase } from "@millrace/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { arrayLiteral } from "../array-literal.ts";
import { connectDatabase, type Database } from "../database.ts";
import { newId } from "../new-id.ts";
import { dispatchBacklog } from "./dispatch.ts";

/** Two lanes at a time share their channels, so caps count over both. */
const LANES = Array.from({ length: 12 }, (_, i) => `lane${i}` as Lane);
const STEPS = 115;
const LEAST_SITUATIONS = 10_000;
const SEED = 20_260_722;
const WEIGHTS = [1, 1, 1, 2, 3, 0.5, 7, 100];

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  db = connectDatabase({ url: database.url, maxConnections: 1, applicationName: "db-test" });
  // planning takes longer than picking from so few jobs
  await db.query("set plan_cache_mode = force_generic_plan");
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

interface Job extends JobInLine {
  readonly id: string;
  readonly lane: Lane;
  readonly state: "turn" | "retry" | "quota" | "review" | "dispatched" | "finished";
  readonly quota: QuotaNeed | null;
}

function randomOf(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return { chance: (p: number) => next() < p, below, pick: <T>(from: readonly T[]): T => from[below(from.length)]! };
}

const POOLS = ["a", "b", "c", "d"].map((pool) => ({ service: "clips", pool }));
const NO_LIMIT: QuotaState = { limit: null, used: 0, reserved: 0, pausedUntil: null };

const PAST = new Date(Date.now() - 3_600_000);
const FUTURE = new Date(Date.now() + 3_600_000);

/** What Postgres should hold, kept by the rule alone. */
function worldByRule() {
  const jobs = new Map<string, Job>();
  const shares = new Map<string, ChannelShare>();
  const quotas = new Map<string, QuotaState>(POOLS.map((pool) => [quotaKey(pool), NO_LIMIT]));
  const clocks = new Map<string, number>();
  const turns = new Map<string, Map<string, Turn>>();
  let turnNo = 0;
  const classOf = (lane: Lane, priority: Priority) => `${lane} ${priority}`;
  const turnsOf = (lane: Lane, priority: Priority): Map<string, Turn> => {
    const known = turns.get(classOf(lane, priority)) ?? new Map<string, Turn>();
    turns.set(classOf(lane, priority), known);
    return known;
  };
  const clockOf = (lane: Lane, priority: Priority): number => clocks.get(classOf(lane, priority)) ?? 0;
  const isInLine = (job: Job | undefined): boolean => job?.state === "turn" && !job.isHeld;
  const lineOf = ({ lane, priority, channelId }: Job): number =>
    [...jobs.values()].filter(
      (j) => isInLine(j) && j.lane === lane && j.priority === priority && j.channelId === channelId,
    ).length;

  /** Jobs as one statement leaves them. A channel enters where its line was empty and is not any more, oldest job first. */
  const put = (changed: readonly Job[]): void => {
    const before = new Map(changed.map((job) => [job, lineOf(job)]));
    for (const job of changed) {
      settle(jobs.get(job.id), job);
      jobs.set(job.id, job);
    }
    const entered = new Set<string>();
    for (const job of [...changed].sort((a, b) => a.seq - b.seq)) {
      const key = `${classOf(job.lane, job.priority)} ${job.channelId}`;
      if (!isInLine(job) || before.get(job) !== 0 || entered.has(key)) continue;
      entered.add(key);
      const known = turnsOf(job.lane, job.priority);
      known.set(job.channelId, enterClass(clockOf(job.lane, job.priority), known.get(job.channelId), ++turnNo));
    }
  };

  /** Units of jobs that leave their stage are used: none of them says anything, and none has begun, so none is. */
  const settle = (before: Job | undefined, after: Job): void => {
    if (before?.state !== "dispatched" || after.state === "dispatched" || before.quota === null) return;
    const state = quotas.get(quotaKey(before.quota))!;
    quotas.set(quotaKey(before.quota), { ...state, reserved: state.reserved - before.quota.units });
  };

  const next = (lane: Lane, withQuotas: boolean): Job | undefined => {
    const inFlight = new Map<string, number>();
    for (const { state, channelId } of jobs.values())
      if (state === "dispatched") inFlight.set(channelId, (inFlight.get(channelId) ?? 0) + 1);
    const backlog = [...jobs.values()].filter(
      (j) => j.lane === lane && j.state !== "dispatched" && j.state !== "finished",
    );
    const turnsByPriority = {
      high: turnsOf(lane, "high"),
      normal: turnsOf(lane, "normal"),
      low: turnsOf(lane, "low"),
    };
    const state = { now: new Date(), shares, inFlight, turns: turnsByPriority };
    return nextJob(backlog, withQuotas ? { ...state, quotas } : state);
  };

  return {
    jobs,
    shares,
    quotas,
    put,
    lineOf,
    clockOf,
    turnsOf,
    /** Those that came back to the line with what is due. */
    join(lane: Lane): void {
      const due = [...jobs.values()].filter(
        (j) => j.lane === lane && (j.state === "retry" || j.state === "quota") && j.nextRetryAt! <= new Date(),
      );
      put(due.map((job) => ({ ...job, state: "turn", nextRetryAt: null })));
    },
    dispatch(lane: Lane, limit: number): { readonly ids: string[]; readonly situations: number } {
      const ids: string[] = [];
      for (let situations = 1; ; situations++) {
        const job = ids.length < limit ? next(lane, true) : undefined;
        if (job === undefined) return { ids, situations };
        if (job.quota !== null) {
          const state = quotas.get(quotaKey(job.quota))!;
          quotas.set(quotaKey(job.quota), { ...state, reserved: state.reserved + job.quota.units });
        }
        const { weight } = shares.get(job.channelId) ?? ORDINARY_CHANNEL;
        const known = turnsOf(lane, job.priority);
        const after = serveTurn(clockOf(lane, job.priority), known.get(job.channelId)!, { weight, turnNo: ++turnNo });
        clocks.set(classOf(lane, job.priority), after.clock);
        known.set(job.channelId, after.turn);
        jobs.set(job.id, { ...job, state: "dispatched" });
        ids.push(job.id);
      }
    },
  };
}

const INSERT = `
insert into pipeline_jobs (
  id, seq, lane, channel_id, priority, owner_id, pipeline, pipeline_version, resource_key, stage, stage_count, max_retries,
  input, waiting_for, next_retry_at, gate, quota_service, quota_pool, quota_units
) overriding system value
select id, seq, lane, channel_id, priority, $8::uuid, 'p', '1.0.0', id::text, 'one', 1, 3, '{}', state,
  case state when 'retry' then due_at::timestamptz end, case state when 'review' then 'gate' end,
  case when pool is not null then 'clips' end, pool, units
from unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $9::text[], $10::int[])
  as g(id, seq, lane, channel_id, priority, state, due_at, pool, units)
order by seq
`;

const CHANGE = `
update pipeline_jobs j set
  status = case state when 'finished' then 'cancelled' else 'pending' end,
  waiting_for = case when state in ('turn', 'retry', 'quota', 'review') then state end,
  gate = case state when 'review' then 'gate' end,
  next_retry_at = case when state in ('retry', 'quota') then due_at::timestamptz end,
  dispatched_at = case when state in ('turn', 'retry', 'quota', 'review') then null else j.dispatched_at end,
  finished_at = case state when 'finished' then now() end,
  cancel_requested_at = case when is_cancelled then now() end,
  priority = g.priority
from unnest($1::uuid[], $2::text[], $3::text[], $4::bool[], $5::text[]) as g(id, state, due_at, is_cancelled, priority)
where j.id = g.id
`;

const SHARE = `
insert into channels (id, weight, max_in_flight, is_active)
select * from unnest($1::uuid[], $2::float8[], $3::int[], $4::bool[])
on conflict (id) do update set weight = excluded.weight, max_in_flight = excluded.max_in_flight, is_active = excluded.is_active
`;

const PARKED = "select id, next_retry_at from pipeline_jobs where lane = $1 and waiting_for = 'quota'";
const FREED = "select id from pipeline_jobs where waiting_for = 'quota' and next_retry_at <= now()";
const WRONG_UNITS = `
select u.*, r.units from quota_usages u
left join (select pool, sum(units) as units from quota_reservations group by pool) r using (pool)
where u.units_reserved <> coalesce(r.units, 0) or u.units_used <> 0
`;

const QUOTA = `
insert into quotas (service, pool, daily_limit, paused_until)
select 'clips', * from unnest($1::text[], $2::bigint[], $3::timestamptz[])
on conflict (service, pool) do update set daily_limit = excluded.daily_limit, paused_until = excluded.paused_until
`;

it("picks as the rule does in 10,000 random situations, quotas among them (C-S21, C-Q06, C-Q08, C-Q09, C-Q11)", async () => {
  const random = randomOf(SEED);
  const world = worldByRule();
  const ownerId = newId();
  await db.query("insert into owners (id, name) values ($1, 'o')", [ownerId]);
  await db.query("alter table pipeline_jobs drop constraint ck_pipeline_jobs_lane");
  await db.query(
    "insert into turn_clocks (lane, rank) select lane, rank from unnest($1::text[]) l(lane), generate_series(0, 2) r(rank)",
    [arrayLiteral(LANES)],
  );
  // ids are made in no order, as their order settles nothing but equal turns
  const channelsOf = new Map(LANES.map((lane) => [lane, [] as string[]]));
  for (let i = 0; i < LANES.length; i += 2) {
    const channels = Array.from({ length: 2 + random.below(6) }, () =>
      newId().replace(/^.{8}/, String(random.below(90_000_000) + 10_000_000)),
    );
    for (const lane of LANES.slice(i, i + 2)) channelsOf.get(lane)!.push(...channels);
  }
  let seq = 0;

  const arrive = async (): Promise<void> => {
    const arriving: Job[] = [];
    for (const lane of LANES) {
      const amount = random.chance(0.25) ? 0 : random.below(random.chance(0.15) ? 60 : 24);
      const favourite = random.pick(channelsOf.get(lane)!);
      for (let i = 0; i < amount; i++) {
        const state = random.chance(0.85) ? "turn" : random.chance(0.7) ? "retry" : "review";
        arriving.push({
          id: newId(),
          lane,
          seq: ++seq,
          channelId: random.chance(0.4) ? favourite : random.pick(channelsOf.get(lane)!),
          priority: random.chance(0.7) ? "normal" : random.pick(PRIORITIES),
          state,
          nextRetryAt: state === "retry" ? (random.chance(0.5) ? PAST : FUTURE) : null,
          isHeld: state === "review",
          quota: random.chance(0.4) ? { ...random.pick(POOLS), units: 1 + random.below(6) } : null,
        });
      }
    }
    world.put(arriving);
    const columns = [
      arriving.map(({ id }) => id),
      arriving.map((job) => job.seq),
      arriving.map(({ lane }) => lane),
      arriving.map(({ channelId }) => channelId),
      arriving.map(({ priority }) => priority),
      arriving.map(({ state }) => state),
      arriving.map(({ nextRetryAt }) => nextRetryAt?.toISOString() ?? null),
    ];
    await db.query(INSERT, [
      ...columns.map(arrayLiteral),
      ownerId,
      arrayLiteral(arriving.map(({ quota }) => quota?.pool ?? null)),
      arrayLiteral(arriving.map(({ quota }) => quota?.units ?? null)),
    ]);
  };

  const change = async (): Promise<void> => {
    const changed: Job[] = [];
    for (const job of world.jobs.values()) {
      if (job.state === "finished" || !random.chance(job.state === "dispatched" ? 0.4 : 0.08)) continue;
      if (job.state === "dispatched") {
        const state = random.chance(0.8) ? "finished" : random.pick(["retry", "review"] as const);
        changed.push({ ...job, state, isHeld: state === "review", nextRetryAt: state === "retry" ? FUTURE : null });
      } else if (random.chance(0.3)) {
        changed.push({ ...job, state: "finished", nextRetryAt: null });
      } else if (job.state === "retry" || job.state === "quota") {
        changed.push({ ...job, nextRetryAt: PAST });
      } else if (job.state === "review") {
        changed.push({ ...job, state: "turn", isHeld: false });
      } else if (random.chance(0.5)) {
        changed.push({ ...job, priority: random.pick(PRIORITIES) });
      } else {
        changed.push({ ...job, isHeld: !job.isHeld });
      }
    }
    world.put(changed);
    const columns = [
      changed.map(({ id }) => id),
      changed.map(({ state }) => state),
      changed.map(({ nextRetryAt }) => nextRetryAt?.toISOString() ?? null),
      changed.map(({ state, isHeld }) => state === "turn" && isHeld),
      changed.map(({ priority }) => priority),
    ];
    await db.query(CHANGE, columns.map(arrayLiteral));
    for (const job of [...world.jobs.values()]) if (job.state === "finished") world.jobs.delete(job.id);
  };

  const share = async (): Promise<void> => {
    const all = [...new Set([...channelsOf.values()].flat())].filter(() => random.chance(0.15));
    for (const channelId of all) {
      const maxInFlight = random.chance(0.6) ? null : random.below(5);
      world.shares.set(channelId, { weight: random.pick(WEIGHTS), maxInFlight, isActive: random.chance(0.85) });
    }
    const shares = all.map((channelId) => world.shares.get(channelId)!);
    await db.query(SHARE, [
      arrayLiteral(all),
      arrayLiteral(shares.map(({ weight }) => weight)),
      arrayLiteral(shares.map(({ maxInFlight }) => maxInFlight)),
      arrayLiteral(shares.map(({ isActive }) => isActive)),
    ]);
  };

  /** What was used and what is reserved stays; a pause says nothing of jobs that have their ticket. */
  const grant = async (): Promise<void> => {
    for (const pool of POOLS) {
      const state = world.quotas.get(quotaKey(pool))!;
      const limit = random.chance(0.2) ? null : Math.max(0, state.reserved + random.below(40) - 5);
      world.quotas.set(quotaKey(pool), { ...state, limit, pausedUntil: random.chance(0.15) ? FUTURE : null });
    }
    const states = POOLS.map((pool) => world.quotas.get(quotaKey(pool))!);
    await db.query(QUOTA, [
      arrayLiteral(POOLS.map(({ pool }) => pool)),
      arrayLiteral(states.map(({ limit }) => limit)),
      arrayLiteral(states.map(({ pausedUntil }) => pausedUntil?.toISOString() ?? null)),
    ]);
  };

  /** Jobs that the statement parked, which the rule leaves in line: none of them has room. Their order of parking settles nothing. */
  const followParked = async (lane: Lane): Promise<void> => {
    const rows = await db.query<{ id: string; next_retry_at: string }>(PARKED, [lane]);
    const parked: Job[] = [];
    for (const { id, next_retry_at } of rows) {
      const job = world.jobs.get(id)!;
      if (job.state === "quota") continue;
      expect(job.state).toBe("turn");
      expect(hasRoom(job.quota!.units, world.quotas.get(quotaKey(job.quota!))!, new Date())).toBe(false);
      parked.push({ ...job, state: "quota", nextRetryAt: new Date(next_retry_at) });
    }
    world.put(parked);
    timesParked += parked.length;
  };

  /** What the triggers let go, as the rows say it. */
  const followFreed = async (): Promise<void> => {
    for (const { id } of await db.query<{ id: string }>(FREED)) {
      const job = world.jobs.get(id)!;
      if (job.state === "quota") world.jobs.set(id, { ...job, nextRetryAt: PAST });
    }
  };

  let timesParked = 0;
  const compareTurns = async (): Promise<void> => {
    const rows = await db.query<{
      lane: Lane;
      rank: number;
      channel_id: string;
      waiting: number;
      vtime: string;
      clock: string;
    }>("select t.*, c.clock from channel_turns t join turn_clocks c using (lane, rank)");
    for (const row of rows) {
      const priority = PRIORITIES[row.rank]!;
      const about = { lane: row.lane, priority, channelId: row.channel_id };
      expect({ ...about, waiting: row.waiting, vtime: Number(row.vtime), clock: Number(row.clock) }).toEqual({
        ...about,
        waiting: world.lineOf(about as Job),
        vtime: world.turnsOf(row.lane, priority).get(row.channel_id)?.vtime,
        clock: world.clockOf(row.lane, priority),
      });
    }
  };

  let situations = 0;
  let picks = 0;
  for (let step = 0; step < STEPS; step++) {
    if (step % 5 === 0) await share();
    if (step % 3 === 0) await grant();
    await arrive();
    await change();
    for (const lane of LANES) {
      const limit = 1 + random.below(random.chance(0.4) ? 50 : 16);
      await followFreed();
      world.join(lane);
      const expected = world.dispatch(lane, limit);
      const given = await dispatchBacklog(db.query, lane, limit);
      expect(
        given.map(({ jobId }) => jobId),
        `step ${step}, ${lane}, limit ${limit}`,
      ).toEqual(expected.ids);
      await followParked(lane);
      situations += expected.situations;
      picks += expected.ids.length;
    }
    if (step % 10 === 9) await compareTurns();
  }
  expect(situations).toBeGreaterThanOrEqual(LEAST_SITUATIONS);
  expect(picks).toBeGreaterThan(LEAST_SITUATIONS / 2);
  expect(timesParked).toBeGreaterThan(1_000);
  expect(await db.query(WRONG_UNITS)).toEqual([]);
}, 240_000);
