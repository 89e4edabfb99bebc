import type { Query } from "../database.ts";
import { camelRow } from "./camel-row.ts";

export interface UsageRow {
  readonly provider: string;
  readonly model: string;
  readonly jobs: number;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the calls whose price is known. */
  readonly costUsd: number;
  /** Calls whose price is not known. */
  readonly unpricedCalls: number;
}

export interface UsageFilter {
  /** null: every owner's (admin). */
  readonly ownerId: string | null;
  readonly from: Date;
  /** Not included. */
  readonly to: Date;
}

/** What language models used, by provider and model. */
export async function readUsage(query: Query, { ownerId, from, to }: UsageFilter): Promise<UsageRow[]> {
  const rows = await query(
    `select provider, model, count(distinct job_id)::int as jobs, sum(calls)::float8 as calls,
       sum(input_tokens)::float8 as input_tokens, sum(output_tokens)::float8 as output_tokens,
       coalesce(sum(cost_usd), 0)::float8 as cost_usd,
       coalesce(sum(calls) filter (where cost_usd is null), 0)::float8 as unpriced_calls
     from usage_events
     where ($1::uuid is null or owner_id = $1::uuid) and at >= $2::timestamptz and at < $3::timestamptz
     group by provider, model order by provider, model`,
    [ownerId, from.toISOString(), to.toISOString()],
  );
  return rows.map((row) => camelRow<UsageRow>(row, {}));
}

export interface VersionCount {
  readonly version: string | null;
  readonly count: number;
}

/** How many contents each version of the pipeline processed last. */
export async function countVersions(query: Query, ownerId: string | null): Promise<VersionCount[]> {
  const rows = await query(
    `select pipeline_version as version, count(*)::int as count from contents
     where $1::uuid is null or owner_id = $1::uuid group by pipeline_version order by count desc, version`,
    [ownerId],
  );
  return rows as unknown as VersionCount[];
}
