import type { Routes } from "@millrace/contracts";
import type { DataTier, JsonObject, Priority } from "@millrace/core";
import type { ExtractionRow } from "@millrace/db";
import { type ExtractionInput, type ExtractionInputDraft, extractionInput } from "@millrace/pipelines";
import { actorOf } from "../../auth/principal.ts";
import { type Answer, type Call, REPLAYED } from "../../http/endpoint.ts";
import { isReplay } from "../../http/idempotency.ts";
import { callbackMetadata } from "../check-callback-url.ts";
import type { EndpointNeeds } from "../needs.ts";
import { traceparentOf } from "../submit-job.ts";
import { checkRecord, readInput } from "./draft-extraction.ts";
import { accepted, summaryOf } from "./show-extraction.ts";

type Accepted = Answer<Routes["submitExtraction"]>;

/** B-Q16. */
const REUSE_HOURS = 24;

export interface ExtractionPlan {
  /** The job's id, and so the extraction's. */
  readonly id: string;
  readonly call: Pick<Call<Routes["submitExtraction"]>, "principal" | "idempotencyKey" | "request">;
  readonly fingerprint: string | null;
  readonly draft: ExtractionInputDraft;
  readonly isForced: boolean;
  readonly priority: Priority | undefined;
  readonly dataTier: DataTier | undefined;
  readonly maxRetries: number | undefined;
  readonly callbackUrl: string | undefined;
}

/** Accepts a file, unless the same is under way, or was completed lately and is not forced (B-Q16). */
export async function acceptExtraction(
  needs: EndpointNeeds,
  plan: ExtractionPlan,
): Promise<{ readonly usesBlob: boolean; readonly answer: Accepted }> {
  const { call, fingerprint, priority, dataTier } = plan;
  const { ownerId } = call.principal;
  const input = readInput(needs, plan.draft);
  await checkRecord(needs, input.record_id, ownerId);
  const metadata: JsonObject = await callbackMetadata(needs, ownerId, plan.callbackUrl);
  const completed = plan.isForced ? undefined : await findCompleted(needs, plan, input);
  if (completed !== undefined) return { usesBlob: false, answer: known(completed) };

  const maxRetries = plan.maxRetries ?? needs.specs.find("extraction")?.maxRetries ?? 0;
  const answer = await needs.submit({
    jobId: plan.id,
    ownerId,
    pipeline: "extraction",
    input,
    maxRetries,
    ...(priority && { priority }),
    ...(dataTier && { dataTier }),
    metadata,
    submittedBy: actorOf(call.principal),
    idempotencyKey: call.idempotencyKey,
    requestFingerprint: fingerprint,
    traceparent: traceparentOf(call.request.headers["traceparent"]),
  });
  const jobId = answer.jobId ?? plan.id;
  if (answer.kind === "active") return { usesBlob: false, answer: known(await rowOfJob(needs, jobId)) };
  if (!isReplay(answer, fingerprint)) {
    return { usesBlob: true, answer: { status: 202, body: accepted(plan.id, jobId, input, maxRetries) } };
  }
  // the same answer as the first time, whatever has become of the job
  const first = await needs.store.findJob(jobId, ownerId);
  const firstInput = extractionInput.safeParse(first?.input);
  const body = accepted(jobId, jobId, firstInput.data ?? input, first?.maxRetries ?? maxRetries);
  return { usesBlob: false, answer: { status: 202, body, headers: REPLAYED } };
}

/** A repeated request gets its first answer, not what has become of it since. */
async function findCompleted(
  { store, specs, extractions }: EndpointNeeds,
  { call }: ExtractionPlan,
  input: ExtractionInput,
): Promise<ExtractionRow | undefined> {
  const { idempotencyKey, principal } = call;
  const { ownerId } = principal;
  if (idempotencyKey !== null) {
    const [prior] = await store.listJobs({ ownerId, idempotencyKey, limit: 1 });
    if (prior !== undefined) return undefined;
  }
  const resourceKey = specs.find("extraction")?.resourceKey(input) ?? "";
  return extractions.findReusable({ ownerId, resourceKey, withinHours: REUSE_HOURS });
}

async function rowOfJob({ store, extractions }: EndpointNeeds, jobId: string): Promise<ExtractionRow> {
  const row = await extractions.findExtraction(extractionIdOf(await store.findJob(jobId, null)) ?? jobId, null);
  if (row === undefined) throw new Error(`the active job ${jobId} has no extraction`);
  return row;
}

/** Whose tries a job is one of. */
export function extractionIdOf(job: { readonly id: string; readonly input: unknown } | undefined): string | undefined {
  const input = job?.input as { readonly extraction_id?: string | null } | undefined;
  return input?.extraction_id ?? job?.id;
}

function known(row: ExtractionRow): Accepted {
  return { status: 200, body: { ...summaryOf(row), result: row.result, deduplicated: true } };
}
