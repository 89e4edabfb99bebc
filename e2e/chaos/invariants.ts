import { ACTIVE_STATUSES, isTerminal } from "@millrace/core";
import { checkHistory, type HistoryRule } from "./check-history.ts";
import { LIMITED_LANE } from "./deployment.ts";
import { groupBy } from "./group-by.ts";
import type { Invariant, Violation } from "./invariant.ts";
import type { JobRecord, RunRecord, StageLine } from "./run-record.ts";
import { STAGE_INVARIANTS } from "./stage-invariants.ts";
import type { Life } from "./timeline.ts";

const acceptedAreRows: Invariant = {
  name: "accepted = rows",
  check({ client, jobs, ownerId }) {
    const violations: Violation[] = [];
    const byKey = new Map<string, string>();
    for (const { jobId, resourceKey, idempotencyKey, deduplicated } of client.accepted) {
      const job = jobs.get(jobId);
      const complain = (message: string): void =>
        void violations.push({ jobId, message: `${idempotencyKey}: ${message}` });
      if (job === undefined) complain("accepted with 202, and there is no row");
      else if (job.ownerId !== ownerId || job.resourceKey !== resourceKey)
        complain("the row is of another owner or key");
      else if (!deduplicated && job.idempotencyKey !== idempotencyKey)
        complain(`the row's idempotency key is ${job.idempotencyKey}`);
      const before = byKey.get(idempotencyKey);
      // a caller that was told of somebody else's active job has no job of its own under this key
      if (!deduplicated && before !== undefined && before !== jobId)
        complain(`one idempotency key, two jobs: ${before}`);
      if (!deduplicated) byKey.set(idempotencyKey, jobId);
    }
    const known = new Set(client.accepted.map(({ jobId }) => jobId));
    for (const job of jobs.values()) {
      if (!known.has(job.id)) violations.push({ jobId: job.id, message: "a row nobody was told of" });
    }
    for (const text of client.unexpected) violations.push({ message: `an answer no caller should get: ${text}` });
    if (client.unanswered > 0) violations.push({ message: `${client.unanswered} calls got no answer at all` });
    return { checked: client.accepted.length, violations };
  },
};

const noneLost: Invariant = {
  name: "none lost",
  check({ jobs }) {
    const active = [...jobs.values()].filter(({ status }) => !isTerminal(status));
    const violations = active.map((job) => ({ jobId: job.id, message: `${job.resourceKey} is still ${job.status}` }));
    return { checked: jobs.size, violations };
  },
};

const resultsComplete: Invariant = {
  name: "completed jobs have every result",
  check({ jobs, stages, shapes }) {
    const byJob = groupBy(stages, ({ jobId }) => jobId);
    const violations: Violation[] = [];
    let checked = 0;
    for (const job of jobs.values()) {
      if (job.status !== "completed") continue;
      checked += 1;
      const expected = Object.keys(shapes[job.pipeline]?.[job.version] ?? {});
      const outputs = new Map(byJob.get(job.id)?.map(({ stage, output }) => [stage, output]));
      for (const stage of expected) {
        const wanted = JSON.stringify({ key: job.input.key, stage });
        if (sorted(outputs.get(stage)) !== wanted) {
          violations.push({ jobId: job.id, message: `stage ${stage} has ${JSON.stringify(outputs.get(stage))}` });
        }
      }
      if (expected.length === 0) violations.push({ jobId: job.id, message: `unknown version ${job.version}` });
      if (sorted(job.result) !== sorted(outputs.get(expected.at(-1) ?? ""))) {
        violations.push({ jobId: job.id, message: `the result is ${JSON.stringify(job.result)}` });
      }
    }
    return { checked, violations };
  },
};

const sorted = (value: unknown): string =>
  typeof value === "object" && value !== null
    ? JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))))
    : String(value);

const historyRule = (name: string, ...rules: HistoryRule[]): Invariant => ({
  name,
  check({ events }) {
    const violations = historyOf(events)
      .filter(({ rule }) => rules.includes(rule))
      .map(({ jobId, eventId, message }) => ({ jobId, message: `event ${eventId}, ${message}` }));
    return { checked: events.length, violations };
  },
});

const histories = new WeakMap<object, ReturnType<typeof checkHistory>>();
/** Read once for all its rules. */
function historyOf(events: RunRecord["events"]): ReturnType<typeof checkHistory> {
  let violations = histories.get(events);
  if (violations === undefined) {
    violations = checkHistory(events);
    histories.set(events, violations);
  }
  return violations;
}

const historyEndsInRow: Invariant = {
  name: "a row stands where its history ends",
  check({ jobs, events }) {
    const last = new Map(events.map((event) => [event.jobId, event.to]));
    const violations = [...jobs.values()]
      .filter((job) => last.get(job.id) !== job.status)
      .map((job) => ({ jobId: job.id, message: `the row says ${job.status}, its history ${last.get(job.id)}` }));
    return { checked: jobs.size, violations };
  },
};

const cancelsHonoured: Invariant = {
  name: "acknowledged cancels are honoured",
  check({ client, jobs }) {
    const acknowledged = client.cancels.filter(({ outcome }) => outcome !== "terminal");
    const violations = acknowledged
      .filter(({ jobId }) => jobs.get(jobId)?.status !== "cancelled")
      .map(({ jobId, outcome }) => ({ jobId, message: `answered ${outcome}, and it is ${jobs.get(jobId)?.status}` }));
    return { checked: acknowledged.length, violations };
  },
};

const REASONS: Readonly<Record<string, (job: JobRecord) => boolean>> = {
  PIPELINE_EXCEPTION: ({ input }) => input.fails !== undefined,
  REVIEW_REJECTED: ({ pipeline }) => pipeline === "review",
};

const failuresHaveReasons: Invariant = {
  name: "jobs fail for a reason only",
  check({ jobs, events, maxCrashes }) {
    const claims = groupBy(
      events.filter(({ event }) => event === "claim"),
      ({ jobId }) => jobId,
    );
    /** Of the stage with most of them. The claim that says WORKER_LOST is one; the first was perhaps made for the stage before. */
    const claimsOfOneStage = (jobId: string): number =>
      Math.max(0, ...[...groupBy(claims.get(jobId) ?? [], ({ stage }) => stage).values()].map((of) => of.length));
    const failed = [...jobs.values()].filter(({ status }) => status === "failed");
    const violations = failed
      .filter((job) =>
        job.errorCode === "WORKER_LOST"
          ? claimsOfOneStage(job.id) < maxCrashes
          : REASONS[job.errorCode ?? ""]?.(job) !== true,
      )
      .map((job) => ({ jobId: job.id, message: `${job.resourceKey} failed with ${job.errorCode}` }));
    const poison = [...jobs.values()].filter(({ input }) => input.key === "poison" && input.poison !== undefined);
    for (const job of poison) {
      if (isTerminal(job.status) && job.status !== "cancelled" && job.errorCode !== "WORKER_LOST") {
        violations.push({ jobId: job.id, message: `the poison job ended as ${job.status} ${job.errorCode ?? ""}` });
      }
    }
    return { checked: failed.length + poison.length, violations };
  },
};

const callbacksDelivered: Invariant = {
  name: "callbacks delivered or exhausted",
  check({ jobs, deliveries, sink }) {
    const byJob = groupBy(deliveries, ({ jobId }) => jobId);
    const received = groupBy(sink, ({ jobId }) => jobId);
    const most = Math.max(0, ...deliveries.map(({ attempts }) => attempts));
    const violations: Violation[] = [];
    const terminal = [...jobs.values()].filter(({ status }) => isTerminal(status));
    for (const { id: jobId } of terminal) {
      const complain = (message: string): void => void violations.push({ jobId, message });
      const [delivery, ...more] = byJob.get(jobId) ?? [];
      const requests = received.get(jobId) ?? [];
      if (delivery === undefined || more.length > 0) {
        complain(`${1 + more.length} deliveries`);
        continue;
      }
      const ids = new Set(requests.map(({ id }) => id));
      if (ids.size > 1) complain(`came under ${ids.size} ids: ${[...ids].join(", ")}`);
      const arrived = requests.filter(({ status }) => status === 200).length;
      if (delivery.status === "delivered" && arrived === 0) complain("said to be delivered, and never arrived");
      if (delivery.status === "exhausted" && delivery.attempts !== most)
        complain(`exhausted after ${delivery.attempts} of ${most} tries`);
      if (delivery.status === "pending") complain(`not delivered after ${delivery.attempts} tries`);
      if (requests.length > delivery.begun) complain(`${requests.length} requests for ${delivery.begun} tries begun`);
    }
    return { checked: terminal.length, violations };
  },
};

const nothingLeaks: Invariant = {
  name: "no lease and no ticket left",
  check({ jobs, tickets }) {
    const leased = [...jobs.values()].filter(
      ({ status, leaseUntil }) => leaseUntil !== null && status !== "processing",
    );
    const stale = tickets.filter(
      ({ status }) => status === null || !(ACTIVE_STATUSES as readonly string[]).includes(status),
    );
    return {
      checked: jobs.size + tickets.length,
      violations: [
        ...leased.map((job) => ({ jobId: job.id, message: `${job.status} with a lease` })),
        ...stale.map(({ id, lane, jobId, status }) => ({
          ...(jobId !== null && { jobId }),
          message: `ticket ${id} in ${lane} of a job that is ${status ?? "nobody's"}`,
        })),
      ],
    };
  },
};

/** What a stage takes of the quota each time it is begun anew, as pipelines.mjs says. */
const QUOTA = { stage: "c", units: 3, isTaken: (key: string): boolean => /[13579]$/.test(key) };

const quotaIsSettled: Invariant = {
  name: "quota is used once, and none is held",
  check({ jobs, stages, events, quota }) {
    const violations: Violation[] = [];
    if (quota.open > 0) violations.push({ message: `${quota.open} reservations are left` });
    if (quota.unitsReserved !== 0) violations.push({ message: `${quota.unitsReserved} units are still reserved` });
    const takes = ({ jobId, stage }: { readonly jobId: string; readonly stage: string | null }): boolean =>
      stage === QUOTA.stage && QUOTA.isTaken(jobs.get(jobId)?.input.key ?? "");
    const least = QUOTA.units * stages.filter(takes).length;
    const most = QUOTA.units * events.filter((event) => event.event === "dispatch" && takes(event)).length;
    if (quota.unitsUsed < least || quota.unitsUsed > most) {
      violations.push({
        message: `${quota.unitsUsed} units used; commits say at least ${least}, tickets at most ${most}`,
      });
    }
    return { checked: stages.filter(takes).length, violations };
  },
};

const limitsRestored: Invariant = {
  name: "lane limits are enforced",
  check({ drained: { lane }, log, jobs, timeline }) {
    const violations: Violation[] = [];
    if (!lane.isPaused) violations.push({ message: `the queue does not hold lane ${LIMITED_LANE.lane} paused` });
    if (lane.concurrency !== LIMITED_LANE.concurrency) {
      violations.push({
        message: `the queue lets ${lane.concurrency ?? "any number"} run in lane ${LIMITED_LANE.lane}`,
      });
    }
    const films = log.filter(({ job }) => jobs.get(job)?.lane === LIMITED_LANE.lane);
    for (const { job, t, kind } of films) {
      if (kind === "start" && t < lane.openedAt)
        violations.push({ jobId: job, message: "started while its lane was paused" });
    }
    const spans = films
      .filter(({ kind }) => kind === "start")
      .map((start) => ({ start, to: endOf(start, films, timeline) }));
    for (const { start } of spans) {
      const running = spans.filter((other) => other.start.t <= start.t && other.to > start.t).length;
      if (running > LIMITED_LANE.concurrency) {
        violations.push({ jobId: start.job, message: `${running} at a time in the lane` });
      }
    }
    return { checked: films.length, violations };
  },
};

/** When a stage ended, by itself or with its process. */
function endOf(start: StageLine, log: readonly StageLine[], { lives }: RunRecord["timeline"]): number {
  const end = log.find(({ kind, job, fence }) => kind !== "start" && job === start.job && fence === start.fence);
  return end?.t ?? lives.find(({ pid }) => pid === start.pid)?.endedAt ?? Number.POSITIVE_INFINITY;
}

/** A worker whose fetch loop cannot be mended ends with this, to be started again. */
const WATCHDOG_EXIT = 3;

/** How else a program may end by itself: a poison job's SIGKILL, or a start while a store was away. */
const programsLive: Invariant = {
  name: "no program ends by itself",
  check({ timeline: { lives } }) {
    const allowed = new Set<Life["exitCode"]>(["SIGKILL", WATCHDOG_EXIT]);
    const ended = lives.filter(
      ({ endedBy, exitCode, readyAt }) => endedBy === "exit" && readyAt !== undefined && !allowed.has(exitCode),
    );
    return {
      checked: lives.length,
      violations: ended.map(({ member, pid, exitCode }) => ({
        message: `${member} (pid ${pid}) ended with ${exitCode}; its log says why`,
      })),
    };
  },
};

export const INVARIANTS: readonly Invariant[] = [
  acceptedAreRows,
  noneLost,
  ...STAGE_INVARIANTS,
  resultsComplete,
  historyRule("at most one active job per key", "one_active"),
  historyRule("history is a legal path", "begins_with_submit", "legal_step", "unbroken_chain"),
  historyRule("terminal is never left", "terminal_is_left"),
  historyRule("a requested cancel comes next", "cancel_is_honoured"),
  historyRule("zombies write nothing", "old_fence", "fence_rises", "claim_before_settlement"),
  historyEndsInRow,
  cancelsHonoured,
  failuresHaveReasons,
  callbacksDelivered,
  nothingLeaks,
  quotaIsSettled,
  limitsRestored,
  programsLive,
];
