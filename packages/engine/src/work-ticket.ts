import {
  type ClaimedJob,
  fail,
  interrupt,
  type JobStore,
  type Log,
  type Pipeline,
  placeOf,
  type ReceivedTicket,
  type Registry,
  type SettleAnswer,
  type Settlement,
  type StagePlace,
  StoreUnavailableError,
  stageName,
  type Ticket,
  type TicketAnswer,
  type TicketQueue,
} from "@millrace/core";
import type { HeldClaimEntry, HeldClaims } from "./held-claims.ts";
import type { Persist } from "./persist.ts";
import type { Quarantine } from "./quarantine.ts";
import { hasLostClaim, type ResultSpool } from "./result-spool.ts";
import { NOTHING_TO_WRITE, type RunStageNeeds, runStage } from "./run-stage.ts";

/** Between two tries to find a worker for a ticket that this one cannot run. */
const UNKNOWN_STAGE_DELAY_MS = { least: 500, most: 15_000 };

/**
 * Often at first, since few workers may know the stage yet, then less so. At random: with equal pauses the same workers,
 * in step with their idle reads, got the ticket again and again while those that could run it never did.
 */
function delayOfUnknown(waitedMs: number, random: number): number {
  const { least, most } = UNKNOWN_STAGE_DELAY_MS;
  return least + random * (Math.min(most, Math.max(2 * least, waitedMs / 8)) - least);
}

/** When the next try is due of a stage that lost its worker before, while another such stage runs here. */
const SUSPECT_DELAY_MS = 2_000;

/** A result Postgres has not confirmed by then is spooled as well: this worker may die before it hears. */
const SPOOL_AFTER_MS = 1_000;

/** What spooling takes, and more: it is to be done before the lease is over, when somebody else may claim the job. */
const SPOOL_TAKES_MS = 250;

/** Added to a live lease's rest before looking again. */
const LEASE_SLACK_MS = 250;

export interface WorkTicketNeeds extends RunStageNeeds {
  readonly store: JobStore;
  readonly queue: TicketQueue;
  readonly registry: Registry;
  readonly claims: HeldClaims;
  readonly persist: Persist;
  readonly spool: ResultSpool;
  readonly quarantine: Quarantine;
  readonly worker: string;
  readonly leaseMs: number;
  /** Claims of one stage that may end with a dead worker before the job fails with WORKER_LOST. */
  readonly maxCrashes: number;
  /** Aborted at the hard deadline: nothing waits for Postgres any more. */
  readonly stopping: AbortSignal;
}

/** Works one ticket: claim the job, run its stages while they stay in this lane, settle each, hand over or finish. */
export function createWorkTicket(needs: WorkTicketNeeds): (ticket: ReceivedTicket) => Promise<TicketAnswer> {
  const claimer = { worker: needs.worker, leaseMs: needs.leaseMs, stages: stagesOf(needs.registry) };

  return async (ticket) => {
    let askedAt = 0;
    const claim = () => {
      askedAt = performance.now();
      return needs.store.claim(ticket, claimer);
    };
    const answer = await needs.persist(claim, needs.stopping);
    if (answer === undefined) return { kind: "return" };
    switch (answer.kind) {
      case "void":
        return { kind: "done" };
      case "leased":
        return { kind: "later", delayMs: answer.remainingMs + LEASE_SLACK_MS };
      case "unknown_stage": {
        const { kind, waitedMs, ...due } = answer;
        const delayMs = delayOfUnknown(waitedMs, needs.random());
        needs.log.warn(
          { job_id: ticket.jobId, ...due, delay_ms: delayMs },
          "this worker does not know the stage; put back",
        );
        return { kind: "later", delayMs };
      }
      case "cancel_requested":
        return finishCancel(needs, ticket.jobId);
      case "claimed": {
        const entry = needs.claims.hold(answer.job, askedAt);
        try {
          return await workClaim(needs, entry);
        } finally {
          needs.claims.release(entry);
          needs.quarantine.leave(answer.job.id);
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

function stagesOf({ pipelines }: Registry): string[] {
  return pipelines.flatMap(({ spec }) =>
    Object.keys(spec.stages).map((stage) => stageName(spec.name, spec.version, stage)),
  );
}

/** Runs the claimed job stage by stage until it leaves this worker. */
async function workClaim(needs: WorkTicketNeeds, entry: HeldClaimEntry): Promise<TicketAnswer> {
  const pipeline = needs.registry.find(entry.job.pipeline, entry.job.pipelineVersion);
  for (let job = entry.job; ; ) {
    const place = pipeline && placeOf(pipeline.spec, job.stage);
    // the claim named what this worker knows
    if (pipeline === undefined || place === undefined) throw new Error(`claimed an unknown stage: ${job.stage}`);
    const startedAt = performance.now();
    const settlement = await endOf(needs, pipeline, place, entry, job);
    if (settlement === NOTHING_TO_WRITE) return { kind: "done" };
    if (settlement === MUST_STOP) return handBack(needs, entry, job, SHUTDOWN);
    if (settlement === MUST_WAIT) return handBack(needs, entry, job, SUSPECT);
    const answer = await settle(needs, entry, job, settlement);
    if (answer === undefined) return { kind: "return" };
    report(needs.log, job, settlement, answer, performance.now() - startedAt);
    if (answer.kind === "fenced") return { kind: "done" };
    if (answer.ticket !== null) await handOver(needs, answer.ticket);
    if (answer.status !== "processing") return { kind: "done" };
    if (settlement.ticket === "return") return { kind: "return" };
    if (settlement.ticket !== "keep") return { kind: "done" };
    job = nextOf(job, settlement);
    entry.isSettling = false;
  }
}

/** Another stage that lost its worker before runs in this process. */
const MUST_WAIT = Symbol("must wait");
/** The worker is past its soft deadline. */
const MUST_STOP = Symbol("must stop");

/** How the stage ends: as a lost worker had already found out, as lost itself, or by running it. */
async function endOf(
  needs: WorkTicketNeeds,
  pipeline: Pipeline,
  place: StagePlace,
  entry: HeldClaimEntry,
  job: ClaimedJob,
): Promise<Settlement | typeof NOTHING_TO_WRITE | typeof MUST_WAIT | typeof MUST_STOP> {
  const spooled = await needs.spool.recall(job, pipeline.spec);
  if (spooled !== undefined) {
    needs.log.info({ job_id: job.id, stage: job.stage, fence: job.fence }, "finished by a lost worker; not run again");
    return spooled;
  }
  // only now: once it is handed back, nobody looks for the result any more
  if (needs.stopping.aborted) return MUST_STOP;
  if (job.crashes >= needs.maxCrashes) return workerLost(job);
  if (job.crashes === 0) needs.quarantine.leave(job.id);
  else if (!needs.quarantine.enter(job.id)) return MUST_WAIT;
  return runStage(needs, pipeline, place, entry, job);
}

/**
 * Writes a settlement, however long Postgres is away; meanwhile the result is spooled. Undefined when the worker must
 * stop first.
 */
async function settle(needs: WorkTicketNeeds, entry: HeldClaimEntry, job: ClaimedJob, settlement: Settlement) {
  const request = { jobId: job.id, stage: job.stage, fence: job.fence, settlement };
  const holder = { worker: needs.worker, leaseMs: needs.leaseMs };
  const isWorthKeeping = settlement.event !== "interrupt";
  let keeping: Promise<boolean> | undefined;
  const keep = (): void => {
    if (isWorthKeeping) keeping ??= needs.spool.keep(job, settlement);
  };
  const write = async (): Promise<SettleAnswer> => {
    try {
      const leasedUntil = performance.now() + needs.leaseMs;
      const answer = await needs.store.settle(request, holder);
      if (settlement.ticket === "keep") entry.leasedUntil = leasedUntil;
      return answer;
    } catch (error) {
      if (error instanceof StoreUnavailableError) {
        keep();
        // no place took it: try them again with the next write
        if ((await keeping) === false) keeping = undefined;
      }
      throw error;
    }
  };
  entry.isSettling = true;
  const spoolInMs = Math.min(SPOOL_AFTER_MS, entry.leasedUntil - performance.now() - SPOOL_TAKES_MS);
  if (spoolInMs <= 0) keep();
  const timer = setTimeout(keep, Math.max(0, spoolInMs));
  try {
    const answer = await needs.persist(write, needs.stopping);
    const isSpooled = (await keeping) === true || (hasLostClaim(job) && isWorthKeeping);
    if (isSpooled && answer !== undefined) void needs.spool.forget(job);
    return answer;
  } finally {
    clearTimeout(timer);
  }
}

const SHUTDOWN = { reason: "the worker is shutting down", answer: { kind: "return" } } as const;
const SUSPECT = {
  reason: "another stage that lost its worker runs here",
  answer: { kind: "later", delayMs: SUSPECT_DELAY_MS },
} as const;

/** Gives the stage back unstarted, no attempt charged. */
async function handBack(
  needs: WorkTicketNeeds,
  entry: HeldClaimEntry,
  job: ClaimedJob,
  { reason, answer }: typeof SHUTDOWN | typeof SUSPECT,
): Promise<TicketAnswer> {
  needs.log.warn({ job_id: job.id, stage: job.stage, reason }, "handed back");
  const settled = await settle(needs, entry, job, interrupt(reason));
  const isStillDue = settled === undefined || (settled.kind !== "fenced" && settled.status === "processing");
  return isStillDue ? answer : { kind: "done" };
}

function workerLost(job: ClaimedJob): Settlement {
  const message = `stage ${job.stage} lost its worker ${job.crashes} times`;
  return fail({ code: "WORKER_LOST", message, stage: job.stage });
}

function nextOf(job: ClaimedJob, settlement: Settlement): ClaimedJob {
  const stage = settlement.next?.name ?? job.stage;
  const outputs = settlement.stageResult ? { ...job.outputs, [job.stage]: settlement.stageResult.output } : job.outputs;
  return { ...job, stage, outputs, stageAttempts: 1, crashes: 0, isRecovered: false };
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
