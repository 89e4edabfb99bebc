import {
  type ClaimAnswer,
  type JobStore,
  judgeGate,
  type NewJob,
  type SettleAnswer,
  type Submitted,
} from "@millrace/core";
import { analyzeAsItGrows } from "./analyze-as-it-grows.ts";
import { arrayLiteral } from "./array-literal.ts";
import type { Database, Query } from "./database.ts";
import { groupCommit } from "./group-commit.ts";
import { isUuid } from "./is-uuid.ts";
import { cancelJob, finishExpiredCancels } from "./statements/cancel.ts";
import { type ClaimCall, claimJobs } from "./statements/claim.ts";
import { decideReview, lockJob } from "./statements/decide-review.ts";
import { dispatchBacklog } from "./statements/dispatch.ts";
import { expireGates, listGates, openGate, readDecisions } from "./statements/gates.ts";
import { extendLeases } from "./statements/heartbeat.ts";
import { changeLane, publishRoom, readLaneSettings } from "./statements/lane-settings.ts";
import { acquireLeadership, releaseLeadership } from "./statements/leadership.ts";
import { changePriority } from "./statements/priority.ts";
import { findJob, listDeliveries, listEvents, listJobs, listStages } from "./statements/read-jobs.ts";
import { type SettleCall, settleJobs } from "./statements/settle.ts";
import { canShareSubmit, findSubmitted, idempotencyKeyOf, submitJobs, submitKey } from "./statements/submit.ts";
import { listTicketsDue, redispatchJobs, ticketLevels } from "./statements/tickets-due.ts";
import { codeOf, constraintOf, isContention, isOutage } from "./store-error.ts";

export interface JobStoreOptions {
  /** Rows in one statement at most. */
  readonly maxBatch?: number;
  /** Statements of one kind under way at a time. */
  readonly batchesInFlight?: number;
}

const DEFAULTS = { maxBatch: 200, batchesInFlight: 2, patienceMs: 25 };

/**
 * A heartbeat into a silent network must fail while there is time for another one: it waits no longer than the next is
 * away. Less than half a second would be refused by a server that is only busy.
 */
const HEARTBEATS_IN_A_LEASE = 4;
const LEAST_HEARTBEAT_LIMIT_MS = 500;

/** The record of jobs in Postgres. Hot calls of one process share statements (group commit). */
export function createJobStore(db: Database, options: JobStoreOptions = {}): JobStore {
  const { query } = db;
  const limits = { ...DEFAULTS, ...options };
  const noticeNewRows = analyzeAsItGrows(query);

  const submit = groupCommit<NewJob, Submitted>({
    ...limits,
    keysOf: (job) => {
      const idempotencyKey = idempotencyKeyOf(job);
      return idempotencyKey === undefined ? [submitKey(job)] : [submitKey(job), idempotencyKey];
    },
    canShare: canShareSubmit,
    commit: async (groups) => {
      const answers = await submitJobs(query, groups);
      noticeNewRows(groups.length);
      return answers;
    },
    isOutage,
    isRace: isSubmitRace,
  });

  /** One for each list of stages: a statement takes one list, and the workers of a process have the same. */
  const claims = new Map<string | null, (call: ClaimCall) => Promise<ClaimAnswer>>();
  function claimsOf(stages: string | null): (call: ClaimCall) => Promise<ClaimAnswer> {
    const known = claims.get(stages);
    if (known !== undefined) return known;
    const claim = groupCommit<ClaimCall, ClaimAnswer>({
      ...limits,
      keysOf: ({ request }) => [request.jobId],
      commit: async (groups) => (await claimJobs(query, groups.map(only), stages)).map((answer) => [answer]),
      isOutage,
      isRace: isContention,
    });
    claims.set(stages, claim);
    return claim;
  }

  const settle = groupCommit<SettleCall, SettleAnswer>({
    ...limits,
    keysOf: ({ request }) => [request.jobId],
    commit: async (groups) => (await settleJobs(query, groups.map(only))).map((answer) => [answer]),
    isOutage,
    isRace: isContention,
  });

  return {
    submit: (job) => submit(job).catch((error: unknown) => answerOfOwnRow(query, job, error)),
    claim: async (request, { worker, leaseMs, stages }) => {
      if (!isUuid(request.jobId)) return { kind: "void" };
      return claimsOf(stages === undefined ? null : arrayLiteral(stages))({ request, worker, leaseMs });
    },
    heartbeat: (held, leaseMs) => {
      const limitMs = Math.max(LEAST_HEARTBEAT_LIMIT_MS, leaseMs / HEARTBEATS_IN_A_LEASE);
      return extendLeases((text, params) => query(text, params, { limitMs }), held, leaseMs);
    },
    settle: (request, holder) => {
      const call = { request, ...holder };
      return request.settlement.gate === null ? settle(call) : settleAtGate(db, call);
    },
    cancel: async (request) => (isUuid(request.jobId) ? cancelJob(query, request) : { kind: "not_found" }),
    decideReview: async (decision) =>
      isUuid(decision.jobId) ? db.transaction((inside) => decideReview(inside, decision)) : { kind: "not_found" },
    changePriority: async (change) => (isUuid(change.jobId) ? changePriority(query, change) : { kind: "not_found" }),

    dispatch: (lane, limit) => dispatchBacklog(query, lane, limit),
    listTicketsDue: (page) => listTicketsDue(query, page),
    ticketLevels: (jobIds) => ticketLevels(query, jobIds),
    redispatch: (due) => redispatchJobs(query, due),
    expireGates: (limit) => expireGates(query, limit),
    finishExpiredCancels: (limit) => finishExpiredCancels(query, limit),
    acquireLeadership: (name, holder, ttlMs) => acquireLeadership(query, { name, holder, ttlMs }),
    releaseLeadership: (name, holder) => releaseLeadership(query, name, holder),

    laneSettings: () => readLaneSettings(db),
    changeLane: (lane, change) => changeLane(db, lane, change),
    publishRoom: (lane, hasRoom) => publishRoom(query, lane, hasRoom),

    findJob: async (jobId, ownerId) => (isUuid(jobId) ? findJob(query, jobId, ownerId) : undefined),
    listJobs: (filter) => listJobs(query, filter),
    listStages: async (jobId) => (isUuid(jobId) ? listStages(query, jobId) : []),
    listEvents: async (jobId) => (isUuid(jobId) ? listEvents(query, jobId) : []),
    listGates: async (jobId) => (isUuid(jobId) ? listGates(query, [jobId]) : []),
    listDeliveries: async (jobId) => (isUuid(jobId) ? listDeliveries(query, jobId) : []),
    ping: (timeoutMs) => db.ping(timeoutMs),
  };
}

function only<T>(group: readonly T[]): T {
  return group[0]!;
}

/**
 * A statement sees the reviews there were when it began, but the job as it is when it gets the lock. A decision could
 * fall between the two and be missed for ever; so the lock comes first, in a statement of its own.
 */
async function settleAtGate(db: Database, call: SettleCall): ReturnType<JobStore["settle"]> {
  const { jobId, settlement } = call.request;
  const { gate, gatePolicy: policy } = settlement;
  if (gate === null || policy === null) throw new Error("settle at a gate: there is no gate");
  return db.transaction(async (inside) => {
    const job = await lockJob(inside, jobId);
    const submittedBy = job?.submitted_by ?? null;
    const judged = judgeGate(policy, await readDecisions(inside, { jobId, gate, submittedBy }));
    const verdict = judged.kind === "open" ? null : judged.kind;
    const early = judged.kind === "open" ? undefined : { verdict: judged.kind, comment: judged.by.comment };
    const answer = only(await settleJobs(inside, [{ ...call, ...(early && { early }) }]));
    const hasArrived = answer.kind === "applied" && answer.status !== "cancelled";
    if (hasArrived) await openGate(inside, { jobId, gate, policy, verdict });
    return answer;
  });
}

/** Unique and foreign keys lost to a transaction this statement could not see yet; the primary key is our own row. */
function isSubmitRace(error: unknown): boolean {
  if (isContention(error)) return true;
  const code = codeOf(error);
  return (code === "23505" || code === "23503") && constraintOf(error) !== "pk_pipeline_jobs";
}

/** The id is there already: the caller made this job before and lost the answer. */
async function answerOfOwnRow(query: Query, job: NewJob, error: unknown): Promise<Submitted> {
  const own = constraintOf(error) === "pk_pipeline_jobs" ? await findSubmitted(query, job) : undefined;
  if (own === undefined) throw error;
  return own;
}
