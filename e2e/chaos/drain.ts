import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "./client.ts";
import { type Deployment, LIMITED_LANE, PREFIX } from "./deployment.ts";
import { GATE } from "./load.ts";
import { whenAnswering } from "./stores.ts";
import type { Timeline } from "./timeline.ts";

/** How the limited lane stood in the queue before the run opened it again. */
export interface LaneState {
  readonly isPaused: boolean;
  readonly concurrency: number | null;
  /** When the lane was opened: no stage of it may have started before. */
  readonly openedAt: number;
}

export interface Drained {
  readonly isDrained: boolean;
  readonly seconds: number;
  readonly lane: LaneState;
  /** What was still unfinished at the end, a line each. */
  readonly stuck: readonly string[];
}

const LOOK_EVERY_MS = 500;
const SAY_EVERY_MS = 10_000;
/** With all jobs over and no delivery that is due moving for this long, nobody delivers. */
const NO_DELIVERY_MS = 40_000;
const LIMITS_BACK_MS = { afterTheRun: 20_000, afterFlush: 12_000 } as const;
const SHOWN = 12;

export interface DrainNeeds {
  readonly deployment: Deployment;
  readonly client: Client;
  readonly timeline: Timeline;
  readonly limitMs: number;
  readonly say: (text: string) => void;
}

interface Level {
  readonly active: number;
  readonly deliveries: number;
  readonly attempts: number;
}

/** Waits until every job and delivery is over, deciding what waits at a gate; at most `limitMs`. */
export async function drain(needs: DrainNeeds): Promise<Drained> {
  const { deployment, client, timeline, limitMs, say } = needs;
  const { sql, stores } = deployment;
  const startedAt = performance.now();
  const deadline = startedAt + limitMs;
  await whenAnswering(stores.redis);
  const lane = await openLane(deployment, timeline);
  let movedAt = performance.now();
  let last = "";
  let isDrained = false;
  let saidAt = performance.now();
  while (performance.now() < deadline) {
    const [level] = await sql<Level[]>`
      SELECT (SELECT count(*)::int FROM pipeline_jobs WHERE status IN ('pending', 'processing')) AS active,
        (SELECT count(*)::int FROM callback_deliveries WHERE status = 'pending') AS deliveries,
        (SELECT coalesce(sum(attempts), 0)::int FROM callback_deliveries) AS attempts`;
    const { active = 0, deliveries = 0, attempts = 0 } = level ?? {};
    if (active === 0 && deliveries === 0) {
      isDrained = true;
      break;
    }
    const now = `${active} ${deliveries} ${attempts}`;
    if (now !== last) movedAt = performance.now();
    last = now;
    if (performance.now() - saidAt > SAY_EVERY_MS) {
      saidAt = performance.now();
      say(`  ${active} jobs and ${deliveries} deliveries to go`);
    }
    if (active === 0 && performance.now() - movedAt > NO_DELIVERY_MS) break;
    await decideGates(deployment, client);
    await pause(LOOK_EVERY_MS);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  return { isDrained, seconds, lane, stuck: isDrained ? [] : await describeStuck(deployment) };
}

/** A gate the load left undecided: half are approved. */
async function decideGates({ sql }: Deployment, client: Client): Promise<void> {
  const waiting = await sql<{ id: string }[]>`SELECT id FROM pipeline_jobs WHERE waiting_for = 'review' LIMIT 50`;
  await Promise.all(waiting.map(({ id }, i) => client.decide(id, GATE, i % 2 === 0 ? "approved" : "rejected")));
}

/**
 * What the queue itself enforces, after the time a leader needs to put it right; then the lane is opened. Two more times
 * the queue is emptied first: the second time nothing but noticing it can bring the limits back so soon.
 */
async function openLane({ sql, stores }: Deployment, timeline: Timeline): Promise<LaneState> {
  const read = async () => {
    const key = `${PREFIX}:${LIMITED_LANE.lane}:meta`;
    const [paused, concurrency] = (await stores.redis.ask("HMGET", key, "paused", "concurrency")) as (string | null)[];
    return { isPaused: paused != null, concurrency: concurrency == null ? null : Number(concurrency) };
  };
  const settled = async (withinMs: number) => {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const state = await read();
      const isRight = state.isPaused && state.concurrency === LIMITED_LANE.concurrency;
      if (isRight || performance.now() > deadline) return { ...state, isRight };
      await pause(LOOK_EVERY_MS);
    }
  };
  let state = await settled(LIMITS_BACK_MS.afterTheRun);
  for (let i = 0; i < 2 && state.isRight; i++) {
    timeline.redisLosses.push(Date.now());
    await stores.redis.ask("FLUSHALL");
    state = await settled(LIMITS_BACK_MS.afterFlush);
  }
  const openedAt = Date.now();
  await sql`UPDATE queue_settings SET is_paused = false WHERE lane = ${LIMITED_LANE.lane}`;
  return { isPaused: state.isPaused, concurrency: state.concurrency, openedAt };
}

async function describeStuck({ sql, stores }: Deployment): Promise<string[]> {
  const jobs = await sql<Record<string, unknown>[]>`
    SELECT id, seq, resource_key, pipeline_version, status, waiting_for, stage, lane, dispatch_no, fence, lease_until,
      dispatched_at, worker, cancel_requested_at
    FROM pipeline_jobs WHERE status IN ('pending', 'processing') ORDER BY seq LIMIT ${SHOWN}`;
  const lines: string[] = [];
  for (const job of jobs) {
    const slug = String(job["resource_key"])
      .replace(/[^A-Za-z0-9_-]/g, "_")
      .slice(0, 80);
    const id = `${slug}.${job["seq"]}.${job["dispatch_no"]}`;
    const hash = await stores.redis.ask("EXISTS", `${PREFIX}:${job["lane"]}:${id}`);
    lines.push(`${JSON.stringify(job)} ticket ${id} ${hash === 1 ? "exists" : "does not exist"}`);
  }
  const deliveries = await sql<Record<string, unknown>[]>`
    SELECT id, job_id, status, attempts, next_attempt_at, last_error FROM callback_deliveries WHERE status = 'pending' LIMIT 3`;
  return [...lines, ...deliveries.map((delivery) => `delivery ${JSON.stringify(delivery)}`)];
}
