import type {
  AttemptRecord,
  CallbackJob,
  DeliveryLimits,
  Json,
  RecordAnswer,
  TakenDelivery,
  TakeRequest,
} from "@millrace/core";
import { arrayLiteral } from "../array-literal.ts";
import type { Query, Row } from "../database.ts";
import { jsonText, plainText } from "../json-text.ts";
import { camelRow } from "./camel-row.ts";

/** Failures in a row after which an endpoint gets one delivery at a time: it may hang for the whole time limit. */
const DOUBTFUL_AFTER = 3;

/** An attempt that took its pump down so many times is not made again. */
const MAX_INTERRUPTIONS = 10;

/**
 * First the endpoints with anything pending, each by one probe of the index, however many rows wait for it; then the
 * oldest due rows of each, as many as it has room for. A row whose lease is over was interrupted: the same attempt again.
 * What still waits for a deleted endpoint is closed on the way.
 */
const TAKE = `
with recursive waiting as (
  (select endpoint_id from callback_deliveries where status = 'pending' order by endpoint_id limit 1)
  union all
  select (
    select d.endpoint_id from callback_deliveries d
    where d.status = 'pending' and d.endpoint_id > w.endpoint_id order by d.endpoint_id limit 1
  )
  from waiting w where w.endpoint_id is not null
),
open as (
  select e.id, not e.is_enabled as is_deleted,
    greatest(0, case
      when not e.is_enabled then $1::int
      when e.failures >= ${DOUBTFUL_AFTER} then 1
      else $2::int end - coalesce(u.count, 0)) as room
  from waiting w
  join callback_endpoints e on e.id = w.endpoint_id and (e.is_enabled or e.disabled_reason = 'deleted')
  left join unnest($3::uuid[], $4::int[]) as u(endpoint_id, count) on u.endpoint_id = e.id
),
due as (
  select d.id, d.lease_until is not null as is_interrupted,
    case
      when o.is_deleted then 'the endpoint was deleted'
      when d.interruptions >= ${MAX_INTERRUPTIONS} then 'interrupted too many times' end as end_reason
  from open o
  cross join lateral (
    select id, lease_until, next_attempt_at, interruptions from callback_deliveries
    where endpoint_id = o.id and status = 'pending' and next_attempt_at <= now()
    order by next_attempt_at
    limit o.room
    for no key update skip locked
  ) d
  order by d.next_attempt_at
  limit $1::int
),
taken as (
  update callback_deliveries d set
    attempts = d.attempts + (not due.is_interrupted and due.end_reason is null)::int,
    interruptions = case when due.is_interrupted then d.interruptions + 1 else 0 end,
    fence = d.fence + 1,
    status = case when due.end_reason is null then 'pending' else 'exhausted' end,
    last_error = coalesce(due.end_reason, d.last_error),
    lease_until = case when due.end_reason is null then now() + $5::int * interval '1 ms' end,
    next_attempt_at = case when due.end_reason is null then now() + $5::int * interval '1 ms' end,
    updated_at = now()
  from due
  where d.id = due.id
  returning d.id, d.job_id, d.endpoint_id, d.url as job_url, d.event, d.status, d.attempts, d.fence
),
under_way as (
  select t.*, coalesce(t.job_url, e.url) as url, e.payload,
    case when e.previous_secret_until > now() then jsonb_build_array(e.secret, e.previous_secret)
      else jsonb_build_array(e.secret) end as secrets
  from taken t join callback_endpoints e on e.id = t.endpoint_id
  where t.status = 'pending'
),
attempts as (
  insert into callback_attempts (delivery_id, fence, attempt, url)
  select id, fence, attempts, url from under_way
)
select u.id, u.fence, u.attempts as attempt, u.endpoint_id, u.event, u.url, u.payload, u.secrets,
  j.id as job_id, j.content_id, j.pipeline, j.pipeline_version, j.resource_key, j.status, j.error_code, j.error_message,
  j.error_stage, j.created_at, j.started_at, j.finished_at,
  case when u.payload = 'full' then j.result end as result,
  case when r.unified is not null then jsonb_build_object(
    'tier', result_text(r.unified, 'tier'),
    'quality_score', result_integer(r.unified, 'quality_score', 0, 100),
    'tag_count', coalesce(cardinality(result_texts(r.unified, 'tags')), 0)) end as result_summary
from under_way u
join pipeline_jobs j on j.id = u.job_id
cross join lateral (select result_object(j.result, 'unified_result') as unified) r
`;

interface TakenRow {
  readonly id: string;
  readonly fence: number;
  readonly attempt: number;
  readonly endpoint_id: string;
  readonly event: string;
  readonly url: string;
  readonly payload: TakenDelivery["payload"];
  readonly secrets: readonly string[];
}

export async function takeDeliveries(query: Query, request: TakeRequest): Promise<TakenDelivery[]> {
  const { limit, perEndpoint, underWay, leaseMs } = request;
  const rows = await query<TakenRow & Row>(TAKE, [
    limit,
    perEndpoint,
    arrayLiteral([...underWay.keys()]),
    arrayLiteral([...underWay.values()]),
    leaseMs,
  ]);
  return rows.map(({ id, fence, attempt, endpoint_id, event, url, payload, secrets, job_id, ...job }) => ({
    id,
    fence,
    attempt,
    endpointId: endpoint_id,
    event,
    url,
    payload,
    secrets,
    job: {
      ...camelRow<Omit<CallbackJob, "id">>(job, { instants: ["created_at", "started_at", "finished_at"] }),
      id: job_id as string,
      result: (job["result"] ?? null) as Json,
    },
  }));
}

/**
 * A delivery is over when any of its attempts succeeded, the newest or not; otherwise only the newest take may speak. The
 * endpoint's row is written only when it changes, and never for an address that was the job's own.
 */
const RECORD = `
with attempt as (
  update callback_attempts set
    request_headers = $4::text::jsonb, status_code = $5::int, latency_ms = $6::int, response_body = $7, error = $8, finished_at = now()
  where delivery_id = $1::uuid and fence = $2::int and finished_at is null
),
recorded as (
  update callback_deliveries d set
    status = case
      when $3 = 'delivered' then 'delivered'
      when $3 = 'gone' or d.attempts >= $10::int then 'exhausted'
      else 'pending' end,
    next_attempt_at = case
      when $3 = 'failed' and d.attempts < $10::int then now() + $9::float8 * interval '1 ms' end,
    delivered_at = case when $3 = 'delivered' then now() end,
    lease_until = null, interruptions = 0, last_status_code = $5::int, last_error = $8, updated_at = now()
  where d.id = $1::uuid
    and case when $3 = 'delivered' then d.status <> 'delivered' else d.status = 'pending' and d.fence = $2::int end
  returning d.id, d.job_id, d.endpoint_id, d.url, d.status, d.attempts
),
judged as (
  select e.id, e.owner_id, case when $3 = 'delivered' then 0 else e.failures + 1 end as failures,
    case when $3 <> 'delivered' then coalesce(e.failing_since, now()) end as failing_since,
    case
      when not e.is_enabled then null
      when $3 = 'gone' then 'gone'
      when $3 = 'failed' and e.failures + 1 >= $11::int and e.failing_since <= now() - $12::float8 * interval '1 ms' then 'failing'
    end as reason
  from callback_endpoints e
  join recorded r on r.endpoint_id = e.id and r.url is null
  where $3 <> 'delivered' or e.failures > 0
  for no key update of e
),
endpoint as (
  update callback_endpoints e set
    failures = j.failures, failing_since = j.failing_since,
    is_enabled = e.is_enabled and j.reason is null,
    disabled_reason = coalesce(j.reason, e.disabled_reason),
    disabled_at = case when j.reason is null then e.disabled_at else now() end,
    updated_at = now()
  from judged j where e.id = j.id
),
audit as (
  insert into audit_events (event, actor, owner_id, job_id, details)
  select 'audit.callback_delivery', 'callbacks', e.owner_id, r.job_id,
    jsonb_build_object('delivery_id', r.id, 'attempt', r.attempts, 'success', $3 = 'delivered', 'status_code', $5::int)
  from recorded r join callback_endpoints e on e.id = r.endpoint_id
  union all
  select 'audit.callback_endpoint_disabled', 'callbacks', j.owner_id, null,
    jsonb_build_object('endpoint_id', j.id, 'reason', j.reason, 'failures', j.failures)
  from judged j where j.reason is not null
)
select status, exists (select from judged where reason is not null) as is_endpoint_disabled from recorded
`;

export async function recordAttempt(
  query: Query,
  record: AttemptRecord,
  { maxAttempts, disableAfter }: DeliveryLimits,
): Promise<RecordAnswer> {
  const [row] = await query<{ status: RecordAnswer["status"]; is_endpoint_disabled: boolean }>(RECORD, [
    record.id,
    record.fence,
    record.outcome,
    jsonText(record.requestHeaders),
    record.statusCode,
    Math.round(record.latencyMs),
    plainText(record.responseBody),
    plainText(record.error),
    record.retryInMs,
    maxAttempts,
    disableAfter.failures,
    disableAfter.spanMs,
  ]);
  return { status: row?.status ?? null, isEndpointDisabled: row?.is_endpoint_disabled ?? false };
}

const GIVE_BACK = `
update callback_deliveries d set next_attempt_at = now(), updated_at = now()
from unnest($1::uuid[], $2::int[]) as g(id, fence)
where d.id = g.id and d.fence = g.fence and d.status = 'pending' and d.lease_until is not null
`;

export async function giveBackDeliveries(
  query: Query,
  taken: readonly Pick<TakenDelivery, "id" | "fence">[],
): Promise<void> {
  await query(GIVE_BACK, [arrayLiteral(taken.map(({ id }) => id)), arrayLiteral(taken.map(({ fence }) => fence))]);
}
