import type { Json } from "@millrace/core";
import { arrayLiteral } from "../array-literal.ts";
import type { Query } from "../database.ts";
import { jsonText, plainText } from "../json-text.ts";
import { camelRow } from "./camel-row.ts";

/** What text search is to know of a content, once the job that says so is completed. */
export interface ContentText {
  readonly jobId: string;
  readonly fence: number;
  readonly title: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly body: string;
}

/** What only a job of the full data tier keeps. */
export interface JobPayload {
  readonly jobId: string;
  readonly fence: number;
  readonly stage: string;
  readonly payload: Json;
}

/** What the calls of one stage run used. */
export interface UsageRecord {
  readonly jobId: string;
  readonly ownerId: string;
  readonly stage: string;
  readonly fence: number;
  readonly provider: string;
  readonly model: string;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** null where no price is known. */
  readonly costUsd: number | null;
}

export interface PayloadRow {
  readonly stage: string;
  readonly payload: Json;
  readonly createdAt: Date;
}

/** Means nothing until its job is completed; a claim that is over writes nothing. Doing it again is doing it once. */
export async function keepText(query: Query, text: ContentText): Promise<void> {
  await query(
    `insert into content_texts (job_id, content_id, owner_id, body, search)
     select j.id, j.content_id, j.owner_id, $6::text, content_search(j.owner_id, $3::text, $4::text[], $5::text, $6::text)
     from pipeline_jobs j
     where j.id = $1::uuid and j.fence = $2::int and j.status = 'processing' and j.content_id is not null
     on conflict (job_id) do update set body = excluded.body, search = excluded.search`,
    [
      text.jobId,
      text.fence,
      plainText(text.title),
      arrayLiteral(text.tags),
      plainText(text.summary),
      plainText(text.body),
    ],
  );
}

/** Refused for jobs of the compact tier and for a claim that is over. */
export async function keepPayload(query: Query, { jobId, fence, stage, payload }: JobPayload): Promise<void> {
  await query(
    `insert into job_payloads as p (job_id, stage, fence, payload)
     select j.id, $3::text, j.fence, ($4::text)::jsonb
     from pipeline_jobs j
     where j.id = $1::uuid and j.fence = $2::int and j.status = 'processing' and j.data_tier = 'full'
     on conflict (job_id, stage) do update set payload = excluded.payload, fence = excluded.fence
     where p.fence <= excluded.fence`,
    [jobId, fence, stage, jsonText(payload)],
  );
}

/** Counts once for each claim, whoever says it how often. */
export async function recordUsage(query: Query, used: UsageRecord): Promise<void> {
  await query(
    `insert into usage_events (job_id, stage, fence, owner_id, provider, model, calls, input_tokens, output_tokens, cost_usd)
     values ($1::uuid, $2::text, $3::int, $4::uuid, $5::text, $6::text, $7::int, $8::bigint, $9::bigint, $10::float8)
     on conflict (job_id, stage, fence) do nothing`,
    [
      used.jobId,
      used.stage,
      used.fence,
      used.ownerId,
      plainText(used.provider),
      plainText(used.model),
      used.calls,
      Math.round(used.inputTokens),
      Math.round(used.outputTokens),
      used.costUsd,
    ],
  );
}

export async function listPayloads(query: Query, jobId: string): Promise<PayloadRow[]> {
  const rows = await query(
    "select stage, payload, created_at from job_payloads where job_id = $1::uuid order by created_at, stage",
    [jobId],
  );
  return rows.map((row) => camelRow<PayloadRow>(row, { instants: ["created_at"] }));
}
