import {
  type ClaimedJob,
  complete,
  fail,
  type Json,
  type JsonObject,
  type NewJob,
  retryLater,
  type Settlement,
} from "@millrace/core";
import { claimed, newJob, type StoreUnderTest, settle, submitted } from "./job-store.fixture.ts";
import { newId } from "./new-id.ts";

/** An extraction's input as its pipeline hands it over; the owner's id begins the key of a stored file. */
function extractionInput(more: JsonObject = {}): JsonObject {
  return {
    extraction_id: null,
    filename: "plan.pdf",
    file_url: `00000000-0000-7000-8000-000000000000/extractions/${newId()}/plan.pdf`,
    file_size: 12,
    format: "pdf",
    options: { extract_tables: true },
    content_sha256: null,
    record_id: null,
    field_id: null,
    attachment_id: null,
    cloud_file_id: null,
    bulk_id: null,
    bulk_index: null,
    ...more,
  };
}

export const extractionJob = (ownerId: string, input: JsonObject = {}, more: Partial<NewJob> = {}): NewJob =>
  newJob(ownerId, { pipeline: "extraction", resourceKey: `ext:${newId()}`, input: extractionInput(input), ...more });

export const bulkJob = (ownerId: string, input: JsonObject = {}, more: Partial<NewJob> = {}): NewJob =>
  newJob(ownerId, {
    pipeline: "extraction_bulk",
    resourceKey: `bulk:${newId()}`,
    input: {
      bulk_id: null,
      manifest_key: "o/bulk/manifest.jsonl",
      total_files: 3,
      continue_on_error: true,
      retry_of_failed: false,
      file_callback_url: null,
      ...input,
    },
    ...more,
  });

export const RESULT = { source_type: "pdf", success: true, file_size: 4_321, result_ref: "o/results/1.json" };
export const completedWith = (result: Json = RESULT): Settlement => complete({ output: result, warnings: [] });
export const failedWith = (message = "broken", stack?: string): Settlement =>
  fail({ code: "CONTENT_DAMAGED", message, stage: "parse", ...(stack !== undefined && { stack }) });
export const retriedAfter = (delayMs: number, stack?: string): Settlement =>
  retryLater(delayMs, {
    code: "URL_UNREACHABLE",
    message: "not now",
    stage: "download",
    ...(stack !== undefined && { stack }),
  });

/** Submits a job and returns its id: that of its extraction, or batch, too. */
export const begun = async (t: StoreUnderTest, job: NewJob): Promise<string> => (await submitted(t.store, job)).jobId;

/** Submits, claims and settles. */
export async function ended(t: StoreUnderTest, job: NewJob, settlement: Settlement = completedWith()): Promise<string> {
  const { jobId } = await submitted(t.store, job);
  await settle(t.store, await claimed(t.store, jobId), settlement);
  return jobId;
}

/** Gives a job that waits for its retry its ticket, however long it is to wait yet, and claims it. */
export async function claimedAgain(t: StoreUnderTest, jobId: string): Promise<ClaimedJob> {
  await t.db.query("update pipeline_jobs set next_retry_at = now() where id = $1 and status = 'pending'", [jobId]);
  await t.store.dispatch("io", 1_000);
  return claimed(t.store, jobId);
}
