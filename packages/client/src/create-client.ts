import { randomUUID } from "node:crypto";
import type { AnswerOf, BodyOf, RouteId, Routes } from "@millrace/contracts";
import { createExtractionClient, type ExtractionClient } from "./extraction-client.ts";
import { type ClientOptions, sendRequest } from "./send-request.ts";
import { createVideoClient, type VideoClient } from "./video-client.ts";
import { type WaitOptions, waitUntilOver } from "./wait-until-over.ts";

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

export interface Client {
  /**
   * Accepted means durable. Without a key of your own one is made, so that a repetition after a lost answer starts nothing
   * twice.
   */
  submit(submission: Submission, options?: { readonly idempotencyKey?: string }): Promise<Body<"submitJob">>;
  job(jobId: string): Promise<Job>;
  jobDetails(jobId: string): Promise<JobDetails>;
  /** Why it is not running: what is in its way, its place in line, when its turn may come. */
  why(jobId: string): Promise<Body<"explainJob">>;
  /** Asks until the job is completed, failed or cancelled; rejects when it is not in time. A callback is cheaper. */
  waitForEnd(jobId: string, options?: WaitOptions): Promise<JobDetails>;
  cancel(jobId: string, reason?: string): Promise<Body<"cancelJob">>;
  list(query?: JobList): Promise<Body<"listJobs">>;
  /** Files and what can be read out of them. */
  readonly extractions: ExtractionClient;
  /** Videos, their channels and the library. */
  readonly videos: VideoClient;
}

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
    why: (jobId) => read(`${pathOf(jobId)}/why`),
    async waitForEnd(jobId, options = {}) {
      const { signal } = options;
      await waitUntilOver(`the job ${jobId}`, () => read<Job>(pathOf(jobId), {}, signal), options);
      return read(pathOf(jobId), { verbose: true }, signal);
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
    videos: createVideoClient(options),
  };
}
