import type { GateDecision, GatePolicy, GateRow, ReviewRow } from "@millrace/core";
import { arrayLiteral } from "../array-literal.ts";
import type { Query, Row } from "../database.ts";
import { jsonText } from "../json-text.ts";
import { callbackDeliveries } from "./callback-deliveries.ts";
import { camelRow } from "./camel-row.ts";

const DECISIONS = `
select decision, decided_by, roles, comment, decided_by is not distinct from $3 as is_self
from reviews where job_id = $1::uuid and gate = $2 order by at, decided_by
`;

/** What was decided at a gate so far, oldest first. The caller holds the job's row. */
export async function readDecisions(
  query: Query,
  at: { readonly jobId: string; readonly gate: string; readonly submittedBy: string | null },
): Promise<GateDecision[]> {
  const rows = await query<Row>(DECISIONS, [at.jobId, at.gate, at.submittedBy]);
  return rows.map((row) => camelRow<GateDecision>(row, {}));
}

const OPEN_GATE = `
insert into job_gates (job_id, gate, policy, expires_at, closed_at, verdict)
values ($1::uuid, $2, $3::text::jsonb, now() + $4::float8 * interval '1 ms', case when $5::text is not null then now() end, $5)
on conflict (job_id, gate) do nothing
`;

/** The job has arrived; `verdict` is set when early decisions closed the gate already. */
export async function openGate(
  query: Query,
  arrival: {
    readonly jobId: string;
    readonly gate: string;
    readonly policy: GatePolicy;
    readonly verdict: "approved" | "rejected" | null;
  },
): Promise<void> {
  const { jobId, gate, policy, verdict } = arrival;
  await query(OPEN_GATE, [jobId, gate, jsonText(policy), policy.expiresInMs, verdict]);
}

export interface GateState {
  readonly policy: GatePolicy;
  readonly verdict: "approved" | "rejected" | "expired" | null;
  readonly isClosed: boolean;
}

export async function findGate(query: Query, jobId: string, gate: string): Promise<GateState | undefined> {
  const [row] = await query<Row>(
    "select policy, verdict, closed_at is not null as is_closed from job_gates where job_id = $1::uuid and gate = $2",
    [jobId, gate],
  );
  return row && camelRow<GateState>(row, {});
}

export async function closeGate(
  query: Query,
  closed: { readonly jobId: string; readonly gate: string; readonly verdict: "approved" | "rejected" },
): Promise<void> {
  await query(
    "update job_gates set closed_at = now(), verdict = $3 where job_id = $1::uuid and gate = $2 and closed_at is null",
    [closed.jobId, closed.gate, closed.verdict],
  );
}

/** Gates whose time is over. One whose job ended otherwise is only closed. */
const EXPIRE = `
with due as (
  select job_id, gate, policy ->> 'onExpiry' as on_expiry from job_gates
  where closed_at is null and expires_at <= now() order by expires_at limit $1::int
),
locked as (
  select j.id, due.gate, due.on_expiry, j.status, j.waiting_for, j.gate as at_gate from due
  cross join lateral (select * from pipeline_jobs where id = due.job_id limit 1 for no key update skip locked) j
),
ended as (
  update pipeline_jobs j set
    status = case l.on_expiry when 'cancel' then 'cancelled' else 'failed' end,
    waiting_for = null, gate = null,
    error_code = case when l.on_expiry <> 'cancel' then 'REVIEW_EXPIRED' end,
    error_message = case when l.on_expiry <> 'cancel' then left('nobody decided in time at ' || l.gate, 500) end,
    error_stage = case when l.on_expiry <> 'cancel' then j.stage end, error_stack = null,
    cancel_reason = case when l.on_expiry = 'cancel' then left('nobody decided in time at ' || l.gate, 500) else j.cancel_reason end,
    finished_at = now(), updated_at = now()
  from locked l
  where j.id = l.id and l.status = 'pending' and l.waiting_for = 'review' and l.at_gate = l.gate
  returning j.id, j.owner_id, j.status, j.stage, j.fence, l.gate
),
closed as (
  update job_gates g set closed_at = now(), verdict = case when e.id is not null then 'expired' end
  from locked l left join ended e on e.id = l.id
  where g.job_id = l.id and g.gate = l.gate and (e.id is not null or l.at_gate is distinct from l.gate)
),
events as (
  insert into job_events (job_id, event, from_status, to_status, stage, fence, actor, reason)
  select id, case status when 'cancelled' then 'cancel' else 'reject' end, 'pending', status, stage, fence, 'leader',
    'nobody decided in time at ' || gate
  from ended
),
audits as (
  insert into audit_events (event, actor, owner_id, job_id, details)
  select 'audit.review_expired', 'leader', owner_id, id, jsonb_build_object('gate', gate, 'status', status) from ended
),
${callbackDeliveries("ended")}
select count(*)::int as count from ended
`;

/** Ends jobs at gates nobody decided at in time, as each gate's policy says. Returns how many. */
export async function expireGates(query: Query, limit: number): Promise<number> {
  const [row] = await query<{ count: number }>(EXPIRE, [limit]);
  return row?.count ?? 0;
}

const LIST_GATES = `
select coalesce(g.job_id, r.job_id) as job_id, coalesce(g.gate, r.gate) as gate, g.policy, g.opened_at, g.expires_at,
  g.closed_at, g.verdict, coalesce(r.reviews, '[]') as reviews
from (select * from job_gates where job_id = any ($1::uuid[])) g
full join (
  select job_id, gate, min(at) as first_at, jsonb_agg(jsonb_build_object(
    'decision', decision, 'decidedBy', decided_by, 'roles', to_jsonb(roles), 'comment', comment, 'details', details, 'at', at) order by at, decided_by) as reviews
  from reviews where job_id = any ($1::uuid[]) group by job_id, gate
) r on r.job_id = g.job_id and r.gate = g.gate
order by coalesce(g.opened_at, r.first_at), gate
`;

/** The gates of these jobs, and those that were decided before the job arrived. */
export async function listGates(query: Query, jobIds: readonly string[]): Promise<GateRow[]> {
  const rows = await query<Row>(LIST_GATES, [arrayLiteral(jobIds)]);
  return rows.map((row) => {
    const gate = camelRow<GateRow>(row, { instants: ["opened_at", "expires_at", "closed_at"] });
    return { ...gate, reviews: gate.reviews.map((review: ReviewRow) => ({ ...review, at: new Date(review.at) })) };
  });
}
