import { type Claim, MillraceError, type PermitAnswer } from "@millrace/core";
import type { Query, Row } from "../database.ts";
import { codeOf } from "../store-error.ts";
import { camelRow } from "./camel-row.ts";

export interface PermitRow {
  readonly provider: string;
  /** Calls at a time, over all workers; null: no limit. */
  readonly permits: number | null;
  /** By claims that are live. */
  readonly held: number;
}

const TAKE = "select kind, held, allowed from take_permit($1, $2::uuid, $3::uuid, $4::int)";

export async function takePermit(
  query: Query,
  { id, provider, jobId, fence }: Claim & { readonly provider: string; readonly id: string },
): Promise<PermitAnswer> {
  const [row] = await query<{ kind: PermitAnswer["kind"]; held: number; allowed: number }>(TAKE, [
    provider,
    id,
    jobId,
    fence,
  ]);
  const { kind, held, allowed } = row!;
  return kind === "busy" ? { kind, held, limit: allowed } : { kind };
}

export async function givePermitBack(query: Query, id: string): Promise<void> {
  await query("delete from permits where id = $1::uuid", [id]);
}

const LIST = `
select provider, l.permits, coalesce(h.held, 0) as held
from permit_limits l
full join (
  select provider, count(*)::int as held from permits p
  where exists (
    select from pipeline_jobs where id = p.job_id and fence = p.fence and status = 'processing' and lease_until > now()
  )
  group by provider
) h using (provider)
order by provider
`;

export async function listPermits(query: Query): Promise<PermitRow[]> {
  return (await query<Row>(LIST)).map((row) => camelRow<PermitRow>(row, {}));
}

const LIMIT = `
insert into permit_limits (provider, permits) values ($1, $2::int)
on conflict (provider) do update set permits = excluded.permits, updated_at = now()
`;

/** Holds from the next call on; calls under way go on. Null takes the limit away. */
export async function changePermits(query: Query, provider: string, permits: number | null): Promise<PermitRow> {
  try {
    if (permits === null) await query("delete from permit_limits where provider = $1", [provider]);
    else await query(LIMIT, [provider, permits]);
  } catch (error) {
    const code = codeOf(error);
    if (code !== "23514" && code?.startsWith("22") !== true) throw error;
    const rule = "a whole number from 0, or null";
    throw new MillraceError("VALIDATION_FAILED", `permits of ${provider}: ${rule}`, {
      details: { field: "permits", rule },
      cause: error,
    });
  }
  const row = (await listPermits(query)).find((one) => one.provider === provider);
  return row ?? { provider, permits: null, held: 0 };
}
