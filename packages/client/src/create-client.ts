import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { AnswerOf, BodyOf, RouteId, Routes } from "@millrace/contracts";
import { createExtractionClient, type ExtractionClient } from "./extraction-client.ts";
import { type ClientOptions, sendRequest } from "./send-request.ts";

type Body<Id extends RouteId> = AnswerOf<Routes[Id]>["body"];

export type Submission = BodyOf<Routes["submitJob"]>;
/** The six fields of a job. */
export type Job = Body<"listJobs">["jobs"][number];
/** Everything about a job: stages, history, deliveries, result, error. */
export type JobDetails = Extract<Body<"readJob">, { readonly stage: string }>;

export interface JobList {
  readonly status?: Job["status"];
  readonly pipeline?: string;
  readonly resource_key?: string;
  readonly content_id?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface WaitOptions {
  /** Default 10 minutes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Client {
  /**
   * Accepted means durable. Without a key of your own one is made, so that a repetition after a lost answer starts nothing
   * twice.
   */
  submit(submission: Submission, options?: { readonly idempotencyKey?: string }): Promise<Body<"submitJob">>;
  job(jobId: string): Promise<Job>;
  jobDetails(jobId: string): Promise<JobDetails>;
  /** Asks until the job is completed, failed or cancelled; rejects when it is not in time. A callback is cheaper. */
  waitForEnd(jobId: string, options?: WaitOptions): Promise<JobDetails>;
  cancel(jobId: string, reason?: string): Promise<Body<"cancelJob">>;
  list(query?: JobList): Promise<Body<"listJobs">>;
  /** Files and what can be read out of them. */
  readonly extractions: ExtractionClient;
}

const DEFAULT_WAIT_MS = 600_000;
const FIRST_POLL_MS = 200;
const MAX_POLL_MS = 5_000;

/** A client of the API for callers. Everything can reject with ApiError, or with what fetch rejects with. */
export function createClient(options: ClientOptions): Client {
  const read = <T>(path: string, query = {}, signal?: AbortSignal): Promise<T> =>
    sendRequest<T>(options, { method: "GET", path, query, signal, isRepeatable: true });
  const pathOf = (jobId: string): string => `/jobs/${encodeURIComponent(jobId)}`;

  return {
    submit: (submission, { idempotencyKey = randomUUID() } = {}) =>
      sendRequest(options, {
        method: "POST",
        path: "/jobs",
        body: submission,
        headers: { "idempotency-key": idempotencyKey },
        isRepeatable: true,
      }),
    job: (jobId) => read(pathOf(jobId)),
    jobDetails: (jobId) => read(pathOf(jobId), { verbose: true }),
    async waitForEnd(jobId, { timeoutMs = DEFAULT_WAIT_MS, signal } = {}) {
      const endsAt = performance.now() + timeoutMs;
      for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(MAX_POLL_MS, pollMs * 1.5)) {
        const { status } = await read<Job>(pathOf(jobId), {}, signal);
        if (status !== "pending" && status !== "processing") return read(pathOf(jobId), { verbose: true }, signal);
        if (performance.now() + pollMs > endsAt)
          throw new Error(`the job ${jobId} is still ${status} after ${timeoutMs} ms`);
        await sleep(pollMs, undefined, signal ? { signal } : {});
      }
    },
    cancel: (jobId, reason) =>
      sendRequest(options, {
        method: "POST",
        path: `${pathOf(jobId)}/cancel`,
        body: reason === undefined ? {} : { reason },
        isRepeatable: true,
      }),
    list: (query = {}) => read("/jobs", query),
    extractions: createExtractionClient(options),
  };
}
