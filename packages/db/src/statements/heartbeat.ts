import type { HeldAnswer, HeldClaim } from "@millrace/core";
import { arrayLiteral } from "../array-literal.ts";
import type { Query } from "../database.ts";

/** A claim that was given back (no lease) is not held any more, though its fence is still the newest. */
const HEARTBEAT = `
update pipeline_jobs j set
  lease_until = now() + $4::int * interval '1 ms', progress = greatest(j.progress, h.progress), updated_at = now()
from (
  select g.*
  from unnest($1::uuid[], $2::int[], $3::smallint[]) as g(id, fence, progress)
  cross join lateral (select id from pipeline_jobs where id = g.id limit 1 for no key update) locked
) h
where j.id = h.id and j.fence = h.fence and j.status = 'processing' and j.lease_until is not null
returning j.id, j.fence, j.cancel_requested_at is not null as is_cancel_requested
`;

/** Extends the leases of the claims still held; those that do not come back are lost. */
export async function extendLeases(query: Query, held: readonly HeldClaim[], leaseMs: number): Promise<HeldAnswer[]> {
  if (held.length === 0) return [];
  const sorted = [...held].sort((a, b) => (a.jobId < b.jobId ? -1 : 1));
  const rows = await query<{ id: string; fence: number; is_cancel_requested: boolean }>(HEARTBEAT, [
    arrayLiteral(sorted.map(({ jobId }) => jobId)),
    arrayLiteral(sorted.map(({ fence }) => fence)),
    arrayLiteral(
      sorted.map(({ progress }) => (progress === null ? null : Math.floor(Math.min(100, Math.max(0, progress))))),
    ),
    leaseMs,
  ]);
  return rows.map((row) => ({ jobId: row.id, fence: row.fence, isCancelRequested: row.is_cancel_requested }));
}
