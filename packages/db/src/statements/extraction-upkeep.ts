import type { JobStatus, TerminalStatus, Ticket } from "@millrace/core";
import { arrayLiteral } from "../array-literal.ts";
import type { Query, Row } from "../database.ts";
import { camelRow } from "./camel-row.ts";
import { type ExtractionRow, extractionColumns, extractionOf } from "./extraction-rows.ts";
import { type TicketRow, ticketOf } from "./ticket-row.ts";
import { redispatchJobs } from "./tickets-due.ts";

export interface Cleanup {
  /**
   * Age in days of what goes. Default: completed and cancelled 30, failed 90 (B-Q22); an age given without a status never
   * makes failed ones go earlier. Pending and processing ones never go.
   */
  readonly olderThanDays?: number | undefined;
  readonly status?: TerminalStatus | undefined;
  /** Counts and changes nothing. */
  readonly dryRun: boolean;
}

export interface CleanedUp {
  readonly isDryRun: boolean;
  /** Extractions that went, or would go. */
  readonly byStatus: Readonly<Record<TerminalStatus, number>>;
  /** Batches that went with the last of their files; a dry run counts those that have none left now. */
  readonly bulks: number;
  /** Blobs that nothing names any more, for the caller to delete; none on a dry run. */
  readonly blobKeys: readonly string[];
}

export type Deleted =
  /** `blobKeys`: blobs that nothing names any more, for the caller to delete. */
  | { readonly kind: "deleted"; readonly blobKeys: readonly string[] }
  | { readonly kind: "active"; readonly status: JobStatus }
  | { readonly kind: "not_found" };

export interface ExtractionStats {
  readonly total: number;
  readonly byStatus: Readonly<Partial<Record<JobStatus, number>>>;
  readonly groups: readonly {
    readonly format: ExtractionRow["format"];
    readonly status: JobStatus;
    readonly count: number;
    readonly retries: number;
    /** From its first stage's start to its end; null where none of the group has both. */
    readonly meanMs: number | null;
    readonly medianMs: number | null;
    readonly p95Ms: number | null;
    readonly maxMs: number | null;
  }[];
}

/** An active extraction that does not get on. */
export interface StuckExtraction extends ExtractionRow {
  /** Its job was deleted; its worker died; nobody took its ticket; a live worker takes long. */
  readonly reason: "job_gone" | "lease_over" | "not_claimed" | "running_long";
  readonly stuckSince: Date;
  readonly stage: string | null;
  readonly worker: string | null;
  readonly leaseUntil: Date | null;
}

/** B-Q22. */
const RETENTION_DAYS: Readonly<Record<TerminalStatus, number>> = { completed: 30, cancelled: 30, failed: 90 };
const ENDED = Object.keys(RETENTION_DAYS) as TerminalStatus[];
const ROWS_AT_A_TIME = 500;

interface GoneRow {
  readonly file_url: string;
  readonly result_ref: string | null;
}

const IS_ENDED = "status in ('completed', 'failed', 'cancelled')";
const GONE = `file_url,
  case when jsonb_typeof(result -> 'result_ref') = 'string' then result ->> 'result_ref' end as result_ref`;

export async function deleteExtraction(query: Query, id: string, ownerId: string | null): Promise<Deleted> {
  const gone = await query<GoneRow>(
    `delete from extraction_jobs
     where id = $1::uuid and ($2::uuid is null or created_by_id = $2::uuid) and ${IS_ENDED} returning ${GONE}`,
    [id, ownerId],
  );
  if (gone.length > 0) return { kind: "deleted", blobKeys: await freeBlobs(query, gone) };
  const [left] = await query<{ status: JobStatus }>(
    "select status from extraction_jobs where id = $1::uuid and ($2::uuid is null or created_by_id = $2::uuid)",
    [id, ownerId],
  );
  return left === undefined ? { kind: "not_found" } : { kind: "active", status: left.status };
}

/** Where uploads and batches are put; a file that its owner had in the store before stays there. */
const PUT_BY_US = /^[^/]+\/(?:extractions|bulk)\//;

/** A file that another extraction names too stays; a result is its own row's alone. */
const FREE =
  "select key from unnest($1::text[]) as k(key) where not exists (select from extraction_jobs where file_url = key)";

/** Keys of blobs that nothing names any more. */
async function freeBlobs(query: Query, gone: readonly GoneRow[]): Promise<string[]> {
  const inputs = new Set(gone.map(({ file_url }) => file_url).filter((url) => PUT_BY_US.test(url)));
  const results = gone.flatMap(({ result_ref }) => result_ref ?? []);
  if (inputs.size === 0) return [...new Set(results)];
  const free = await query<{ key: string }>(FREE, [arrayLiteral([...inputs])]);
  return [...new Set([...free.map(({ key }) => key), ...results])];
}

/** An age that was asked for without a status never makes failed ones go earlier than theirs. */
function daysOf(status: TerminalStatus, { olderThanDays, status: only }: Cleanup): number | undefined {
  if (only !== undefined && only !== status) return undefined;
  const own = RETENTION_DAYS[status];
  if (olderThanDays === undefined) return own;
  return status === "failed" && only === undefined ? Math.max(own, olderThanDays) : olderThanDays;
}

const IS_DUE = "status = $1 and completed_at < now() - $2::float8 * interval '1 day'";
/** A batch goes after the last of its files. */
const IS_BULK_DUE = `${IS_DUE} and not exists (select from extraction_jobs f where f.bulk_id = bulk_extraction_jobs.id)`;

const DELETE_DUE = `
delete from extraction_jobs where id in (
  select id from extraction_jobs where ${IS_DUE} order by id limit $3::int for update skip locked
) returning ${GONE}
`;

const DELETE_DUE_BULKS = `
delete from bulk_extraction_jobs where id in (
  select id from bulk_extraction_jobs where ${IS_BULK_DUE} order by id limit $3::int for update skip locked
) returning manifest_url as file_url, null as result_ref
`;

/**
 * Deletes what is older than its status may be, in small batches; doing it twice, or at two places at once, is doing it
 * once. The caller then deletes `blobKeys`. A dry run counts.
 */
export async function cleanUp(query: Query, cleanup: Cleanup): Promise<CleanedUp> {
  const byStatus: Record<TerminalStatus, number> = { completed: 0, failed: 0, cancelled: 0 };
  const blobKeys = new Set<string>();
  let bulks = 0;
  for (const status of ENDED) {
    const days = daysOf(status, cleanup);
    if (days === undefined) continue;
    if (cleanup.dryRun) {
      byStatus[status] = await countOf(query, `extraction_jobs where ${IS_DUE}`, [status, days]);
      continue;
    }
    byStatus[status] = await deleteAll(query, { text: DELETE_DUE, status, days, blobKeys });
  }
  for (const status of ENDED) {
    const days = daysOf(status, cleanup);
    if (days === undefined) continue;
    if (cleanup.dryRun) bulks += await countOf(query, `bulk_extraction_jobs where ${IS_BULK_DUE}`, [status, days]);
    else bulks += await deleteAll(query, { text: DELETE_DUE_BULKS, status, days, blobKeys });
  }
  return { isDryRun: cleanup.dryRun, byStatus, bulks, blobKeys: [...blobKeys] };
}

async function countOf(query: Query, from: string, params: readonly (string | number)[]): Promise<number> {
  const [row] = await query<{ n: number }>(`select count(*)::int as n from ${from}`, params);
  return row?.n ?? 0;
}

async function deleteAll(
  query: Query,
  of: { readonly text: string; readonly status: string; readonly days: number; readonly blobKeys: Set<string> },
): Promise<number> {
  for (let deleted = 0; ; ) {
    const gone = await query<GoneRow>(of.text, [of.status, of.days, ROWS_AT_A_TIME]);
    deleted += gone.length;
    if (gone.length > 0) for (const key of await freeBlobs(query, gone)) of.blobKeys.add(key);
    if (gone.length < ROWS_AT_A_TIME) return deleted;
  }
}

/** Over all owners: how many there are, how long they took, how often they were tried again. */
export async function extractionStats(query: Query): Promise<ExtractionStats> {
  const rows = await query(
    `select format, status, count(*)::int as count, sum(retry_count)::int as retries,
       (avg(d.ms))::float8 as mean_ms, (percentile_cont(0.5) within group (order by d.ms))::float8 as median_ms,
       (percentile_cont(0.95) within group (order by d.ms))::float8 as p95_ms, (max(d.ms))::float8 as max_ms
     from extraction_jobs
     cross join lateral (select extract(epoch from completed_at - started_at) * 1000 as ms) d
     group by format, status order by format, status`,
  );
  const groups = rows.map((row) => camelRow<ExtractionStats["groups"][number]>(row, {}));
  const byStatus: Partial<Record<JobStatus, number>> = {};
  for (const { status, count } of groups) byStatus[status] = (byStatus[status] ?? 0) + count;
  return { total: groups.reduce((sum, { count }) => sum + count, 0), byStatus, groups };
}

/**
 * Why it does not get on, as the job's row says it: its job is gone; its claim ran out and nobody took it over; it has a
 * ticket that nobody took; a stage takes long under a live claim.
 */
const STUCK = `
select ${extractionColumns(false)}, s.reason, coalesce(s.stuck_since, e.created_at) as stuck_since, s.stage, s.worker, s.lease_until
from extraction_jobs e
left join lateral (select * from pipeline_jobs where id = e.job_id limit 1) j on true
cross join lateral (
  select j.stage, j.worker, j.lease_until,
    case
      when j.id is null then 'job_gone'
      when j.lease_until >= now() then 'running_long'
      when j.lease_until is not null then 'lease_over'
      when j.dispatched_at is not null then 'not_claimed'
    end as reason,
    case
      when j.id is null then e.updated_at
      when j.lease_until >= now() then j.stage_started_at
      when j.lease_until is not null then j.lease_until
      when j.dispatched_at is not null then j.dispatched_at
    end as stuck_since
) s
where e.status in ('pending', 'processing') and s.reason is not null and s.stuck_since < now() - $1::float8 * interval '1 minute'
`;

const stuckOf = (row: Row): StuckExtraction => extractionOf<StuckExtraction>(row, ["stuck_since", "lease_until"]);

export async function listStuck(
  query: Query,
  { minutes, limit }: { readonly minutes: number; readonly limit: number },
): Promise<StuckExtraction[]> {
  return (await query(`${STUCK} order by s.stuck_since, e.id limit $2::int`, [minutes, limit])).map(stuckOf);
}

export type Recovered =
  /** It has a new ticket, which the caller may add at once; else the leader's next look does. */
  | { readonly kind: "redispatched"; readonly ticket: Ticket }
  /** Its job was gone: it has failed now and can be retried. */
  | { readonly kind: "failed" }
  /** A live claim is at work on it: cancel it, or wait for the stage's time limit. */
  | { readonly kind: "running"; readonly leaseUntil: Date }
  /** It has its place in the backlog and gets its turn. */
  | { readonly kind: "waiting" }
  | { readonly kind: "terminal"; readonly status: JobStatus }
  | { readonly kind: "not_found" };

interface StateRow extends TicketRow {
  readonly file_status: JobStatus;
  readonly id: string;
  readonly fence: number;
  readonly is_leased: boolean;
  readonly lease_until: string;
  readonly is_dispatched: boolean;
}

/** Helps one that is stuck, whatever it is that helps; what is not stuck stays as it is. */
export async function recoverStuck(query: Query, extractionId: string): Promise<Recovered> {
  const [row] = await query<StateRow | { readonly file_status: JobStatus; readonly id: null }>(
    `select e.status as file_status, j.id, j.resource_key, j.seq, j.stage, j.dispatch_no, j.lane, j.traceparent, j.fence,
       coalesce(j.lease_until >= now(), false) as is_leased, j.lease_until, j.dispatched_at is not null as is_dispatched
     from extraction_jobs e left join lateral (select * from pipeline_jobs where id = e.job_id limit 1) j on true
     where e.id = $1::uuid`,
    [extractionId],
  );
  if (row === undefined) return { kind: "not_found" };
  if (row.file_status !== "pending" && row.file_status !== "processing")
    return { kind: "terminal", status: row.file_status };
  if (row.id === null) return (await failOrphan(query, extractionId)) ? { kind: "failed" } : { kind: "waiting" };
  if (row.is_leased) return { kind: "running", leaseUntil: new Date(row.lease_until) };
  if (!row.is_dispatched) return { kind: "waiting" };
  const [ticket] = await redispatchJobs(query, [{ ticket: ticketOf(row), fence: row.fence, isLeaseOver: true }]);
  return ticket === undefined ? { kind: "waiting" } : { kind: "redispatched", ticket };
}

/** What has a job follows it; only what has none is written here. */
const FAIL_ORPHAN = `
status = 'failed', error_code = 'WORKER_LOST', error_message = 'its job is gone: nothing will finish it', next_retry_at = null,
  completed_at = now(), updated_at = now()
`;

async function failOrphan(query: Query, id: string): Promise<boolean> {
  const rows = await query(
    `update extraction_jobs set ${FAIL_ORPHAN}
     where id = $1::uuid and job_id is null and status in ('pending', 'processing') returning id`,
    [id],
  );
  return rows.length > 0;
}

const ORPHANS = [
  {
    verdict: "failed",
    where: "job_id is null and status in ('pending', 'processing') and updated_at < now() - interval '1 day'",
    set: FAIL_ORPHAN,
  },
  {
    verdict: "cancelled",
    where: `job_id is null and status = 'failed' and retry_count >= max_retries and completed_at < now() - interval '7 days'`,
    set: "status = 'cancelled', updated_at = now()",
  },
] as const;

/**
 * Extractions whose job is gone (B2.5): active for a day without one, failed; failed for 7 days with no retry left,
 * cancelled. What has a job is never an orphan: it follows its job. Returns how many, each extraction once.
 */
export async function cleanUpOrphans(
  query: Query,
  { dryRun }: { readonly dryRun: boolean },
): Promise<{ readonly failed: number; readonly cancelled: number }> {
  const counts = { failed: 0, cancelled: 0 };
  for (const { verdict, where, set } of ORPHANS) {
    const due = `select id from extraction_jobs where ${where} order by id`;
    counts[verdict] = dryRun
      ? await countOf(query, `(${due}) due`, [])
      : (await query(`update extraction_jobs set ${set} where id in (${due} for update) returning id`)).length;
  }
  return counts;
}
