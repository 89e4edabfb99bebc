import {
  type ClaimedJob,
  fail,
  interrupt,
  type JobStore,
  type Log,
  placeOf,
  type ReceivedTicket,
  type Registry,
  type SettleAnswer,
  type Settlement,
  type Ticket,
  type TicketAnswer,
  type TicketQueue,
} from "@millrace/core";
import type { HeldClaimEntry, HeldClaims } from "./held-claims.ts";
import type { Persist } from "./persist.ts";
import { NOTHING_TO_WRITE, type RunStageNeeds, runStage } from "./run-stage.ts";

/** A ticket this worker cannot run (unknown pipeline version or stage) comes back after this long. */
const UNKNOWN_STAGE_DELAY_MS = 5_000;

/** Added to a live lease's rest before looking again. */
const LEASE_SLACK_MS = 250;

export interface WorkTicketNeeds extends RunStageNeeds {
  readonly store: JobStore;
  readonly queue: TicketQueue;
  readonly registry: Registry;
  readonly claims: HeldClaims;
  readonly persist: Persist;
  readonly worker: string;
  readonly leaseMs: number;
  /** Claims of one stage that may end with a dead worker before the job fails with WORKER_LOST. */
  readonly maxCrashes: number;
  /** Aborted at the hard deadline: nothing waits for Postgres any more. */
  readonly stopping: AbortSignal;
}

/** Works one ticket: claim the job, run its stages while they stay in this lane, settle each, hand over or finish. */
export function createWorkTicket(needs: WorkTicketNeeds): (ticket: ReceivedTicket) => Promise<TicketAnswer> {
  const holder = { worker: needs.worker, leaseMs: needs.leaseMs };

  return async (ticket) => {
    const answer = await needs.persist(() => needs.store.claim(ticket, holder), needs.stopping);
    if (answer === undefined) return { kind: "return" };
    switch (answer.kind) {
      case "void":
        return { kind: "done" };
      case "leased":
        return { kind: "later", delayMs: answer.remainingMs + LEASE_SLACK_MS };
      case "cancel_requested":
        return finishCancel(needs, ticket.jobId);
      case "claimed": {
        const entry = needs.claims.hold(answer.job);
        try {
          return await workClaim(needs, entry);
        } finally {
          needs.claims.release(entry);
        }
      }
    }
  };
}

async function finishCancel(needs: WorkTicketNeeds, jobId: string): Promise<TicketAnswer> {
  const request = { jobId, ownerId: null, by: needs.worker, reason: null };
  await needs.persist(() => needs.store.cancel(request), needs.stopping);
  return { kind: "done" };
}

/** Runs the claimed job stage by stage until it leaves this worker. */
async function workClaim(needs: WorkTicketNeeds, entry: HeldClaimEntry): Promise<TicketAnswer> {
  const pipeline = needs.registry.find(entry.job.pipeline, entry.job.pipelineVersion);
  for (let job = entry.job; ; ) {
    const place = pipeline && placeOf(pipeline.spec, job.stage);
    if (pipeline === undefined || place === undefined) {
      const reason = `this worker does not know ${job.pipeline} ${job.pipelineVersion} stage ${job.stage}`;
      return handBack(needs, entry, job, { reason, answer: { kind: "later", delayMs: UNKNOWN_STAGE_DELAY_MS } });
    }
    if (needs.stopping.aborted) {
      return handBack(needs, entry, job, { reason: "the worker is shutting down", answer: { kind: "return" } });
    }
    const startedAt = performance.now();
    const settlement =
      job.crashes >= needs.maxCrashes ? workerLost(job) : await runStage(needs, pipeline, place, entry, job);
    if (settlement === NOTHING_TO_WRITE) return { kind: "done" };
    const answer = await settle(needs, entry, job, settlement);
    if (answer === undefined) return { kind: "return" };
    report(needs.log, job, settlement, answer, performance.now() - startedAt);
    if (answer.kind === "fenced") return { kind: "done" };
    if (answer.kind === "applied" && answer.ticket !== null) await handOver(needs, answer.ticket);
    if (answer.status !== "processing") return { kind: "done" };
    if (settlement.ticket === "return") return { kind: "return" };
    if (settlement.ticket !== "keep") return { kind: "done" };
    job = nextOf(job, settlement);
  }
}

/** Writes a settlement, however long Postgres is away; undefined when the worker must stop first. */
async function settle(needs: WorkTicketNeeds, entry: HeldClaimEntry, job: ClaimedJob, settlement: Settlement) {
  entry.isSettling = true;
  const request = { jobId: job.id, stage: job.stage, fence: job.fence, settlement };
  const holder = { worker: needs.worker, leaseMs: needs.leaseMs };
  const answer = await needs.persist(() => needs.store.settle(request, holder), needs.stopping);
  entry.isSettling = false;
  return answer;
}

/** Gives the stage back unstarted, no attempt charged. */
async function handBack(
  needs: WorkTicketNeeds,
  entry: HeldClaimEntry,
  job: ClaimedJob,
  { reason, answer }: { reason: string; answer: TicketAnswer },
): Promise<TicketAnswer> {
  needs.log.warn({ job_id: job.id, stage: job.stage, reason }, "handed back");
  const settled = await settle(needs, entry, job, interrupt(reason));
  return settled === undefined || (settled.kind !== "fenced" && settled.status === "processing")
    ? answer
    : { kind: "done" };
}

function workerLost(job: ClaimedJob): Settlement {
  const message = `stage ${job.stage} lost its worker ${job.crashes} times`;
  return fail({ code: "WORKER_LOST", message, stage: job.stage });
}

function nextOf(job: ClaimedJob, settlement: Settlement): ClaimedJob {
  const stage = settlement.next?.name ?? job.stage;
  const outputs = settlement.stageResult ? { ...job.outputs, [job.stage]: settlement.stageResult.output } : job.outputs;
  return { ...job, stage, outputs, stageAttempts: 1, crashes: 0 };
}

/** The next stage's ticket, best effort: the reconciler adds it if this does not. */
async function handOver(needs: WorkTicketNeeds, ticket: Ticket): Promise<void> {
  try {
    await needs.queue.add([ticket]);
  } catch (error) {
    needs.log.warn({ err: error, job_id: ticket.jobId }, "hand-over ticket left to the leader");
  }
}

function report(log: Log, job: ClaimedJob, settlement: Settlement, answer: SettleAnswer, ms: number): void {
  const fields = { job_id: job.id, stage: job.stage, fence: job.fence, ms: Math.round(ms) };
  if (answer.kind === "fenced") {
    log.warn(fields, "settlement refused: a newer claim owns the job");
  } else if (settlement.error !== null) {
    const { code, message } = settlement.error;
    log.warn({ ...fields, status: answer.status, code, error: message }, settlement.event);
  } else {
    log.info({ ...fields, status: answer.status }, settlement.event);
  }
}
