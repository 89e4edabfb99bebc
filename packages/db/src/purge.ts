import { type Blobs, TERMINAL_STATUSES, type TerminalStatus } from "@millrace/core";
import { arrayLiteral } from "./array-literal.ts";
import type { Database, Query } from "./database.ts";

export interface PurgeOptions {
  readonly now: Date;
  /** Only counts. */
  readonly dryRun?: boolean;
  /** Jobs in one statement. */
  readonly batch?: number;
  /** Whose jobs are meant; `content` unless said. Those of extraction go sooner, as their extractions do (B-Q22). */
  readonly pipelines?: readonly string[];
  /**
   * Where jobs leave working files, below `jobs/<job id>/`. They go before the row; a job whose files cannot be removed
   * stays for the next time, and a batch of only such jobs ends the purge with the error.
   */
  readonly blobs?: Pick<Blobs, "list" | "delete">;
  /** Ends it after the batch under way; the rest is for the next time. */
  readonly signal?: AbortSignal;
}

export interface Purged {
  /** Jobs of the full tier that became compact. */
  readonly stripped: number;
  readonly deleted: number;
  /** Due, but their files could not be removed. */
  readonly postponed: number;
}

/** A-Q13. */
const FULL_DAYS = 60;
const COMPACT_DAYS = 180;

/** B-Q22. */
const EXTRACTION_PIPELINES = ["extraction", "extraction_bulk"];
const EXTRACTION_DAYS = 30;
const FAILED_EXTRACTION_DAYS = 90;

/** Jobs that are deleted at the same age. */
interface Rule {
  readonly pipelines: readonly string[];
  readonly statuses: readonly TerminalStatus[];
  readonly days: number;
}

function rulesOf(pipelines: readonly string[]): Rule[] {
  const extraction = pipelines.filter((name) => EXTRACTION_PIPELINES.includes(name));
  const others = pipelines.filter((name) => !EXTRACTION_PIPELINES.includes(name));
  const rules: Rule[] = [
    { pipelines: others, statuses: TERMINAL_STATUSES, days: COMPACT_DAYS },
    { pipelines: extraction, statuses: ["completed", "cancelled"], days: EXTRACTION_DAYS },
    { pipelines: extraction, statuses: ["failed"], days: FAILED_EXTRACTION_DAYS },
  ];
  return rules.filter((rule) => rule.pipelines.length > 0);
}

const DAY_MS = 86_400_000;
const BATCH = 500;

/** Ids begin with the time they were made at (uuid v7): a job that ended before an instant has an id below this. */
function idsBefore(instant: Date): string {
  const hex = Math.max(0, instant.getTime()).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

const IS_STRIPPABLE = "data_tier = 'full' and finished_at < $1::timestamptz and pipeline = any ($2::text[])";

const STRIP = `
with due as (
  select id from pipeline_jobs where ${IS_STRIPPABLE} order by finished_at limit $3::int for update skip locked
),
payloads as (
  delete from job_payloads where job_id in (select id from due)
),
stages as (
  update job_stages set output = '{}' where job_id in (select id from due)
),
stripped as (
  update pipeline_jobs set data_tier = 'compact', error_stack = null where id in (select id from due) returning id
)
select count(*)::int as n from stripped
`;

/** A job whose callback is still on its way stays until that is over. */
const IS_DELETABLE = `id < $1::uuid and finished_at < $2::timestamptz and pipeline = any ($3::text[]) and status = any ($4::text[])
  and not exists (select from callback_deliveries d where d.job_id = pipeline_jobs.id and d.status = 'pending')`;

const DELETE = `
with due as (
  select id from pipeline_jobs where id = any ($5::uuid[]) and ${IS_DELETABLE} order by id for update skip locked
),
texts as (
  delete from content_texts t where job_id in (select id from due)
    and not exists (select from contents c where c.id = t.content_id and c.text_job_id = t.job_id)
),
gone as (
  delete from pipeline_jobs where id in (select id from due) returning id
)
select count(*)::int as n from gone
`;

async function countOf(query: Query, text: string, params: readonly (string | number)[]): Promise<number> {
  const [row] = await query<{ n: number }>(text, params);
  return row?.n ?? 0;
}

/**
 * Makes jobs of the full tier compact 60 days after their end (prompts, raw answers, stacks and stage outputs go) and
 * deletes jobs 180 days after theirs, those of extraction after 30, or 90 when they failed; with history, deliveries and
 * working files. Contents, extractions and their results stay. In small batches; doing it twice, or at two places at once,
 * is doing it once.
 */
export async function purge({ query }: Pick<Database, "query">, options: PurgeOptions): Promise<Purged> {
  const { now, dryRun = false, batch = BATCH, pipelines = ["content"], signal } = options;
  const fullBefore = new Date(now.getTime() - FULL_DAYS * DAY_MS).toISOString();
  const strippable = [fullBefore, arrayLiteral(pipelines)] as const;
  if (dryRun) {
    const stripped = await countOf(
      query,
      `select count(*)::int as n from pipeline_jobs where ${IS_STRIPPABLE}`,
      strippable,
    );
    let deleted = 0;
    for (const rule of rulesOf(pipelines)) {
      const text = `select count(*)::int as n from pipeline_jobs where ${IS_DELETABLE}`;
      deleted += await countOf(query, text, deletableBy(rule, now));
    }
    return { stripped, deleted, postponed: 0 };
  }
  let stripped = 0;
  while (signal?.aborted !== true) {
    const count = await countOf(query, STRIP, [...strippable, batch]);
    stripped += count;
    if (count < batch) break;
  }
  let deleted = 0;
  let postponed = 0;
  for (const rule of rulesOf(pipelines)) {
    const counts = await deleteDue(query, deletableBy(rule, now), { ...options, batch });
    deleted += counts.deleted;
    postponed += counts.postponed;
  }
  return { stripped, deleted, postponed };
}

/** The parameters of IS_DELETABLE. */
function deletableBy({ pipelines, statuses, days }: Rule, now: Date): string[] {
  const before = new Date(now.getTime() - days * DAY_MS);
  return [idsBefore(before), before.toISOString(), arrayLiteral(pipelines), arrayLiteral(statuses)];
}

async function deleteDue(
  query: Query,
  deletable: readonly string[],
  { batch, blobs, signal }: PurgeOptions & { readonly batch: number },
): Promise<Pick<Purged, "deleted" | "postponed">> {
  let deleted = 0;
  let postponed = 0;
  let after = "00000000-0000-0000-0000-000000000000";
  while (signal?.aborted !== true) {
    const due = await query<{ id: string }>(
      `select id from pipeline_jobs where ${IS_DELETABLE} and id > $5::uuid order by id limit $6::int`,
      [...deletable, after, batch],
    );
    const ids = due.map(({ id }) => id);
    const removed = await withoutFiles(ids, blobs);
    postponed += ids.length - removed.length;
    if (removed.length > 0) deleted += await countOf(query, DELETE, [...deletable, arrayLiteral(removed)]);
    const last = ids.at(-1);
    if (last === undefined || ids.length < batch) break;
    after = last;
  }
  return { deleted, postponed };
}

/** Those whose files are gone. */
async function withoutFiles(ids: readonly string[], blobs: PurgeOptions["blobs"]): Promise<string[]> {
  if (blobs === undefined) return [...ids];
  const removed: string[] = [];
  let failure: { readonly error: unknown } | undefined;
  for (const id of ids) {
    try {
      for await (const { key } of blobs.list(`jobs/${id}/`)) await blobs.delete(key);
      removed.push(id);
    } catch (error) {
      failure = { error };
    }
  }
  if (failure !== undefined && removed.length === 0) throw failure.error;
  return removed;
}
