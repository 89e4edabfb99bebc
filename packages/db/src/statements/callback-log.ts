import type { JsonObject } from "@millrace/core";
import type { Query, Row } from "../database.ts";
import { camelRow } from "./camel-row.ts";

/** One callback of one job, with where it went. */
export interface CallbackDelivery {
  readonly id: string;
  readonly jobId: string;
  readonly ownerId: string;
  readonly endpointId: string;
  readonly url: string;
  readonly event: string;
  readonly status: "pending" | "delivered" | "exhausted";
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly lastStatusCode: number | null;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly deliveredAt: Date | null;
}

/** A line of the delivery log. Without `finishedAt` it is under way, or its pump died. */
export interface CallbackAttempt {
  readonly attempt: number;
  readonly url: string;
  readonly requestHeaders: JsonObject | null;
  readonly statusCode: number | null;
  readonly latencyMs: number | null;
  readonly responseBody: string | null;
  readonly error: string | null;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
}

export interface DeliveryFilter {
  /** null: any owner (admin). */
  readonly ownerId: string | null;
  readonly status?: CallbackDelivery["status"] | undefined;
  readonly limit: number;
  /** Keyset: rows after this one in (created_at desc, id desc). */
  readonly after?: { readonly createdAt: Date; readonly id: string } | undefined;
}

const COLUMNS = `d.id, d.job_id, e.owner_id, d.endpoint_id, coalesce(d.url, e.url) as url, d.event, d.status, d.attempts,
  d.next_attempt_at, d.last_status_code, d.last_error, d.created_at, d.delivered_at`;

function deliveryOf(row: Row): CallbackDelivery {
  return camelRow<CallbackDelivery>(row, { instants: ["next_attempt_at", "created_at", "delivered_at"] });
}

/** Of each endpoint its newest, by its index; of these the newest. */
const LIST = `
select ${COLUMNS}
from callback_endpoints e
cross join lateral (
  select * from callback_deliveries
  where endpoint_id = e.id and ($2::text is null or status = $2::text)
    and ($3::timestamptz is null or (created_at, id) < ($3::timestamptz, $4::uuid))
  order by created_at desc, id desc
  limit $5::int
) d
where $1::uuid is null or e.owner_id = $1::uuid
order by d.created_at desc, d.id desc
limit $5::int
`;

export async function listOwnersDeliveries(query: Query, filter: DeliveryFilter): Promise<CallbackDelivery[]> {
  const { ownerId, status = null, after, limit } = filter;
  const rows = await query(LIST, [ownerId, status, after?.createdAt.toISOString() ?? null, after?.id ?? null, limit]);
  return rows.map(deliveryOf);
}

/** The deliveries of a job, each with its attempts, oldest first. */
export async function listJobsDeliveries(
  query: Query,
  jobId: string,
): Promise<(CallbackDelivery & { readonly log: CallbackAttempt[] })[]> {
  const rows = await query(
    `select ${COLUMNS} from callback_deliveries d join callback_endpoints e on e.id = d.endpoint_id
     where d.job_id = $1::uuid order by d.created_at, d.id`,
    [jobId],
  );
  const lines = await query<Row & { delivery_id: string }>(
    `select a.delivery_id, a.attempt, a.url, a.request_headers, a.status_code, a.latency_ms, a.response_body, a.error,
       a.started_at, a.finished_at
     from callback_deliveries d join callback_attempts a on a.delivery_id = d.id
     where d.job_id = $1::uuid order by a.fence`,
    [jobId],
  );
  return rows.map((row) => ({
    ...deliveryOf(row),
    log: lines
      .filter((line) => line.delivery_id === row["id"])
      .map(({ delivery_id: _, ...line }) =>
        camelRow<CallbackAttempt>(line, { instants: ["started_at", "finished_at"] }),
      ),
  }));
}

/** To the owner's enabled endpoint, whichever it went to before. One under way is left to its pump. */
const REDELIVER = `
with found as (
  select d.id, j.owner_id, d.status, d.lease_until is not null and d.next_attempt_at > now() as is_under_way,
    (select id from callback_endpoints where owner_id = j.owner_id and is_enabled limit 1) as endpoint_id
  from callback_deliveries d join pipeline_jobs j on j.id = d.job_id
  where d.id = $1::uuid and ($2::uuid is null or j.owner_id = $2::uuid)
  for no key update of d
),
changed as (
  update callback_deliveries d set
    status = 'pending', endpoint_id = f.endpoint_id, fence = d.fence + 1, lease_until = null, interruptions = 0,
    attempts = case when f.status = 'pending' then d.attempts else 0 end,
    next_attempt_at = now(), delivered_at = null, updated_at = now()
  from found f
  where d.id = f.id and f.endpoint_id is not null and not f.is_under_way
  returning d.id
)
select case when endpoint_id is null then 'no_endpoint' else 'pending' end as kind from found
left join changed on true
`;

export async function redeliver(
  query: Query,
  id: string,
  ownerId: string | null,
): Promise<"pending" | "no_endpoint" | "not_found"> {
  const [row] = await query<{ kind: "pending" | "no_endpoint" }>(REDELIVER, [id, ownerId]);
  return row?.kind ?? "not_found";
}

const REDELIVER_EXHAUSTED = `
with chosen as (
  select d.id, target.id as endpoint_id
  from callback_endpoints e
  join callback_endpoints target on target.owner_id = e.owner_id and target.is_enabled
  cross join lateral (
    select id, created_at from callback_deliveries
    where endpoint_id = e.id and status = 'exhausted' and created_at >= $2::timestamptz
    order by created_at
    limit $3::int
    for no key update skip locked
  ) d
  where $1::uuid is null or e.owner_id = $1::uuid
  order by d.created_at
  limit $3::int
),
changed as (
  update callback_deliveries d set
    status = 'pending', endpoint_id = c.endpoint_id, fence = d.fence + 1, attempts = 0, interruptions = 0,
    next_attempt_at = now(), updated_at = now()
  from chosen c
  where d.id = c.id
  returning d.id
)
select count(*)::int as count from changed
`;

/** Those made since then, the oldest `limit` of them, for owners with an enabled endpoint. Returns how many. */
export async function redeliverExhausted(
  query: Query,
  { ownerId, since, limit }: { ownerId: string | null; since: Date; limit: number },
): Promise<number> {
  const [row] = await query<{ count: number }>(REDELIVER_EXHAUSTED, [ownerId, since.toISOString(), limit]);
  return row?.count ?? 0;
}
