import { existsSync, readFileSync } from "node:fs";
import { isTerminal, type JobStatus, LANES } from "@millrace/core";
import type { HistoryRow } from "./check-history.ts";
import type { ClientRecord } from "./client.ts";
import { type Deployment, PREFIX } from "./deployment.ts";
import type { Drained } from "./drain.ts";
import type { SinkRequest } from "./sink.ts";
import type { RedisStore } from "./stores.ts";
import type { Timeline } from "./timeline.ts";

export interface JobRecord {
  readonly id: string;
  readonly ownerId: string;
  readonly resourceKey: string;
  readonly idempotencyKey: string | null;
  readonly pipeline: string;
  readonly version: string;
  readonly status: JobStatus;
  readonly fence: number;
  readonly lane: string;
  readonly leaseUntil: Date | null;
  readonly errorCode: string | null;
  readonly input: { readonly key: string; readonly fails?: unknown; readonly poison?: unknown };
  readonly result: unknown;
}

export interface StageRecord {
  readonly jobId: string;
  readonly stage: string;
  readonly fence: number;
  readonly output: unknown;
  readonly finishedAt: Date;
}

export interface EventRecord extends HistoryRow {
  readonly stage: string | null;
  readonly actor: string;
  readonly reason: string | null;
  readonly at: Date;
}

export interface DeliveryRecord {
  readonly id: string;
  readonly jobId: string;
  readonly event: string;
  readonly status: string;
  /** That count against the limit. */
  readonly attempts: number;
  /** Times it was begun, those included that a dying process broke off. */
  readonly begun: number;
}

/** A line of the stages' own log. `end`: it finished; `throw`, `until`: it has to run again. */
export interface StageLine {
  readonly t: number;
  readonly pid: number;
  readonly worker: string;
  readonly job: string;
  readonly stage: string;
  readonly fence: number;
  readonly kind: "start" | "end" | "throw" | "until";
}

/** An entry of the queue that was there when everything was over. */
export interface TicketRecord {
  readonly id: string;
  readonly lane: string;
  readonly jobId: string | null;
  readonly status: JobStatus | null;
}

/** What stands in the books of the quota that half of the jobs take of, over all its pools and days. */
export interface QuotaRecord {
  readonly unitsUsed: number;
  readonly unitsReserved: number;
  /** Reservations that are still there. */
  readonly open: number;
}

/** Everything the invariants are read from. */
export interface RunRecord {
  readonly ownerId: string;
  readonly maxCrashes: number;
  readonly client: ClientRecord;
  readonly drained: Drained;
  readonly timeline: Timeline;
  readonly jobs: ReadonlyMap<string, JobRecord>;
  readonly stages: readonly StageRecord[];
  readonly events: readonly EventRecord[];
  readonly deliveries: readonly DeliveryRecord[];
  readonly sink: readonly SinkRequest[];
  readonly log: readonly StageLine[];
  readonly tickets: readonly TicketRecord[];
  readonly quota: QuotaRecord;
  /** Stage names and lanes in order, by pipeline and version. */
  readonly shapes: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;
}

function readStageLog(file: string): StageLine[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as StageLine);
}

export async function readRun(
  deployment: Deployment,
  rest: Pick<RunRecord, "client" | "drained" | "timeline" | "sink">,
): Promise<RunRecord> {
  const { sql, ownerId, maxCrashes, stageLog } = deployment;
  const rows = await sql<JobRecord[]>`
    SELECT id, owner_id AS "ownerId", resource_key AS "resourceKey", idempotency_key AS "idempotencyKey", pipeline,
      pipeline_version AS version, status, fence, lane, lease_until AS "leaseUntil", error_code AS "errorCode", input, result
    FROM pipeline_jobs`;
  const jobs = new Map(rows.map((job) => [job.id, job]));
  const events = await sql<EventRecord[]>`
    SELECT e.id::int AS id, e.job_id AS "jobId", j.owner_id || ' ' || j.resource_key AS key, e.event,
      e.from_status AS from, e.to_status AS to, e.fence, e.stage, e.actor, e.reason, e.at
    FROM job_events e JOIN pipeline_jobs j ON j.id = e.job_id ORDER BY e.id`;
  const stages = await sql<StageRecord[]>`
    SELECT job_id AS "jobId", stage, fence, output, finished_at AS "finishedAt" FROM job_stages`;
  const deliveries = await sql<DeliveryRecord[]>`
    SELECT id, job_id AS "jobId", event, status, attempts,
      (SELECT count(*)::int FROM callback_attempts WHERE delivery_id = d.id) AS begun
    FROM callback_deliveries d`;
  const [quota] = await sql<[QuotaRecord]>`
    SELECT coalesce(sum(units_used), 0)::int AS "unitsUsed", coalesce(sum(units_reserved), 0)::int AS "unitsReserved",
      (SELECT count(*)::int FROM quota_reservations) AS open
    FROM quota_usages`;
  const shapes = JSON.parse(readFileSync(new URL("pipeline-shapes.json", import.meta.url), "utf8"));
  const tickets = await readTickets(deployment.stores.redis, jobs);
  return {
    ...rest,
    ownerId,
    maxCrashes,
    jobs,
    stages,
    events,
    deliveries,
    log: readStageLog(stageLog),
    tickets,
    quota,
    shapes,
  };
}

const LISTS = ["wait", "paused", "active"];
const SETS = ["delayed", "prioritized"];

/** Every unfinished entry of every lane, read from Redis itself. */
async function readTickets(redis: RedisStore, jobs: ReadonlyMap<string, JobRecord>): Promise<TicketRecord[]> {
  const found: TicketRecord[] = [];
  for (const lane of LANES) {
    const ids = new Set<string>();
    for (const list of LISTS) for (const id of await members(redis, "LRANGE", `${PREFIX}:${lane}:${list}`)) ids.add(id);
    for (const set of SETS) for (const id of await members(redis, "ZRANGE", `${PREFIX}:${lane}:${set}`)) ids.add(id);
    for (const id of ids) {
      const text = await redis.ask("HGET", `${PREFIX}:${lane}:${id}`, "data");
      const jobId = typeof text === "string" ? ((JSON.parse(text) as { j?: string }).j ?? null) : null;
      found.push({ id, lane, jobId, status: (jobId !== null && jobs.get(jobId)?.status) || null });
    }
  }
  return found;
}

async function members(redis: RedisStore, command: "LRANGE" | "ZRANGE", key: string): Promise<string[]> {
  const ids = (await redis.ask(command, key, "0", "-1")) as string[];
  // markers by which BullMQ wakes its workers are no tickets
  return ids.filter((id) => !id.startsWith("0:"));
}

/** Tickets that mean nothing any more: of a job that is over, or of none. */
export async function leftTickets(deployment: Deployment): Promise<TicketRecord[]> {
  const rows = await deployment.sql<JobRecord[]>`SELECT id, status FROM pipeline_jobs`;
  const tickets = await readTickets(deployment.stores.redis, new Map(rows.map((job) => [job.id, job])));
  return tickets.filter(({ status }) => status === null || isTerminal(status));
}
