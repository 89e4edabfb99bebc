import {
  type Clock,
  type DataTier,
  firstPlace,
  type JobStatus,
  type JobStore,
  type Json,
  type JsonObject,
  type Log,
  MillraceError,
  type NewContent,
  type PipelineSpec,
  type Priority,
  placeOf,
  type SpecRegistry,
  type StagePlace,
  type TicketQueue,
} from "@millrace/core";
import { createRoomReader } from "./room-reader.ts";

/** Tickets being added at one time; past it the leader adds them instead, so a slow queue cannot fill the memory. */
const MAX_ADDS_UNDER_WAY = 5_000;

export interface SubmitNeeds {
  readonly store: JobStore;
  readonly queue: TicketQueue;
  readonly specs: SpecRegistry;
  readonly log: Log;
  readonly clock: Clock;
  readonly newId: () => string;
}

export interface Submission {
  /** The id the job is to have, where the caller must be able to ask for it again; else a new one. A uuid v7. */
  readonly jobId?: string;
  readonly ownerId: string;
  readonly pipeline: string;
  /** Checked by the pipeline's own schema, whose error passes through. */
  readonly input: unknown;
  readonly priority?: Priority;
  /** The stream of jobs whose turns this one shares; the owner's own unless said. */
  readonly channelId?: string | null;
  /** Where the job begins, where earlier stages have nothing to do any more; the first stage unless said. */
  readonly stage?: string;
  /** Fewer or more retries than the pipeline's. */
  readonly maxRetries?: number;
  readonly dataTier?: DataTier;
  readonly idempotencyKey?: string | null;
  /** Kept with the job, to tell a replay from another request under the same idempotency key. */
  readonly requestFingerprint?: string | null;
  readonly metadata?: JsonObject;
  /** Who asked, as reviewers are named: a gate may not let them approve what they submitted. */
  readonly submittedBy?: string;
  readonly traceparent?: string | null;
  readonly content?: NewContent | null;
}

export interface SubmitAnswer {
  readonly kind: "created" | "active" | "replayed" | "content_completed";
  readonly jobId: string | null;
  readonly contentId: string | null;
  readonly status: JobStatus | null;
  readonly requestFingerprint: string | null;
}

export type Submit = (submission: Submission) => Promise<SubmitAnswer>;

/**
 * Accepts work: when the promise resolves the job is a committed row. The ticket is added after that, best effort: a
 * queue that is down costs latency, never the job. Rejects with STORE_UNAVAILABLE when nothing was accepted.
 */
export function createSubmit(needs: SubmitNeeds): Submit {
  const { store, queue, specs, log, newId } = needs;
  const room = createRoomReader(needs);
  let addsUnderWay = 0;

  return async (submission) => {
    const spec = specs.find(submission.pipeline);
    if (spec === undefined) {
      throw new MillraceError("VALIDATION_FAILED", `there is no pipeline called "${submission.pipeline}"`, {
        details: { field: "pipeline", rule: "known", known: specs.specs.map((s) => s.name) },
      });
    }
    const input = spec.input.parse(submission.input);
    const resourceKey = spec.resourceKey(input);
    const first = startOf(spec, submission.stage);
    // units are reserved by the statement that picks
    const quota = first.spec.quota?.(input) ?? null;
    const isDispatched = spec.admission === "direct" && quota === null && (await room.hasRoom(first.spec.lane));
    const fingerprint = submission.requestFingerprint ?? null;
    const metadata: JsonObject = {
      ...submission.metadata,
      ...(fingerprint && { request_fingerprint: fingerprint }),
      ...(submission.submittedBy && { submitted_by: submission.submittedBy }),
    };

    const submitted = await store.submit({
      id: submission.jobId ?? newId(),
      ownerId: submission.ownerId,
      pipeline: spec.name,
      pipelineVersion: spec.version,
      resourceKey,
      stage: first.name,
      stageIndex: first.index,
      lane: first.spec.lane,
      stageCount: first.count,
      quota,
      priority: submission.priority ?? "normal",
      channelId: submission.channelId ?? submission.ownerId,
      dataTier: submission.dataTier ?? "compact",
      maxRetries: submission.maxRetries ?? spec.maxRetries,
      input: input as Json,
      metadata,
      idempotencyKey: submission.idempotencyKey ?? null,
      traceparent: submission.traceparent ?? null,
      isDispatched,
      content: submission.content ?? null,
    });
    if (submitted.kind === "content_completed") {
      return {
        kind: submitted.kind,
        jobId: null,
        contentId: submitted.contentId,
        status: null,
        requestFingerprint: null,
      };
    }
    if (submitted.kind === "created" && isDispatched && addsUnderWay < MAX_ADDS_UNDER_WAY) {
      addsUnderWay++;
      const { traceparent = null } = submission;
      queue
        .add([
          {
            jobId: submitted.jobId,
            resourceKey,
            seq: submitted.seq,
            stage: first.name,
            dispatchNo: 1,
            lane: first.spec.lane,
            traceparent,
          },
        ])
        .catch((error: unknown) => log.debug({ err: error, job_id: submitted.jobId }, "ticket left to the leader"))
        .finally(() => {
          addsUnderWay--;
        });
    }
    return submitted;
  };
}

function startOf(spec: PipelineSpec, stage: string | undefined): StagePlace {
  if (stage === undefined) return firstPlace(spec);
  const place = placeOf(spec, stage);
  if (place !== undefined) return place;
  throw new MillraceError("VALIDATION_FAILED", `pipeline ${spec.name} has no stage called "${stage}"`, {
    details: { field: "stage", rule: "known", known: Object.keys(spec.stages) },
  });
}
