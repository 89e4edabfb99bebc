import { isTerminal, type Lane, type Priority } from "./job.ts";
import type { JobRow, LaneSetting } from "./ports/job-store.ts";
import type { LaneCounts, TicketState } from "./ports/ticket-queue.ts";
import { hasRoom, type QuotaNeed, type QuotaState } from "./quota.ts";

/** What can keep a job from running, in the order in which it has to go away. */
export const BLOCKERS = [
  "cancel_requested",
  "waiting_for_review",
  "retry_later",
  "quota_paused",
  "quota_exhausted",
  "channel_inactive",
  "channel_at_cap",
  "no_leader",
  "lane_paused",
  "lane_full",
  "queue_unreachable",
  "higher_priorities",
  "other_channels",
  "own_channel",
  "ticket_missing",
  "waiting_for_worker",
] as const;
export type BlockerCode = (typeof BLOCKERS)[number];

export interface Blocker {
  readonly code: BlockerCode;
  readonly message: string;
  /** The numbers the message speaks of. */
  readonly details: Readonly<Record<string, string | number>>;
}

/** What a job's stage takes of a quota, and what there is. */
export interface QuotaFacts extends QuotaNeed, QuotaState {
  readonly pauseReason: string | null;
  /** When its next day begins. */
  readonly resetsAt: Date;
}

export interface WaitFacts {
  readonly now: Date;
  readonly job: Pick<
    JobRow,
    | "status"
    | "waitingFor"
    | "gate"
    | "lane"
    | "priority"
    | "stage"
    | "nextRetryAt"
    | "leaseUntil"
    | "cancelRequestedAt"
  >;
  readonly channel: {
    readonly isActive: boolean;
    readonly maxInFlight: number | null;
    readonly inFlight: number | null;
  };
  /** Of what the job's stage takes, as of today; null: it takes nothing. */
  readonly quota: QuotaFacts | null;
  readonly line: {
    readonly position: number;
    readonly higher: number;
    readonly channelsBefore: number;
    readonly turnsBefore: number;
  } | null;
  readonly pace: { readonly jobs: number; readonly ms: number };
  readonly leader: string | null;
  readonly setting: Pick<LaneSetting, "isPaused" | "windowTickets">;
  /** What the queue says; null when it does not answer. */
  readonly queue: {
    readonly counts: LaneCounts;
    /** Of the job's ticket, where it should have one. */
    readonly ticket: TicketState | null;
  } | null;
}

export interface WaitReport {
  /** `over`: it has ended. `running`: a worker has it. `dispatched`: it has its ticket. `waiting`: it has none. */
  readonly state: "over" | "running" | "dispatched" | "waiting";
  /** Empty: nothing is in its way. */
  readonly blockers: readonly Blocker[];
  /** Jobs that are to be given their turn first; null where its turn is not what it waits for. */
  readonly picksBefore: number | null;
  /** When its turn may come at the lane's pace of the last minutes; null when nobody can know. */
  readonly expectedAt: Date | null;
}

/** A pace measured over less says nothing. */
const LEAST_PACE_MS = 10_000;

/** Why a job is not running, first things first. */
export function whyWaiting(facts: WaitFacts): WaitReport {
  const { job, line } = facts;
  if (isTerminal(job.status)) return { state: "over", blockers: [], picksBefore: null, expectedAt: null };
  if (job.leaseUntil !== null && job.leaseUntil > facts.now)
    return { state: "running", blockers: ofCancel(facts), picksBefore: null, expectedAt: null };
  if (job.waitingFor === null) {
    const blockers = [...ofCancel(facts), ...ofLane(facts), ...ofTicket(facts)];
    return { state: "dispatched", blockers, picksBefore: null, expectedAt: null };
  }
  const own = [...ofCancel(facts), ...ofWait(facts), ...ofQuota(facts), ...ofChannel(facts)];
  const around = [...ofLeader(facts), ...ofLane(facts), ...ofRoom(facts)];
  const picksBefore = line === null ? null : line.higher + line.turnsBefore + line.position - 1;
  const isHeldUp = own.length > 0 || around.some(({ code }) => code === "no_leader" || code === "lane_paused");
  return {
    state: "waiting",
    blockers: [...own, ...around, ...ofLine(facts)],
    picksBefore,
    expectedAt: picksBefore === null || isHeldUp ? null : expectedAt(facts, picksBefore),
  };
}

function expectedAt({ now, pace }: WaitFacts, picksBefore: number): Date | null {
  if (pace.jobs === 0 || pace.ms < LEAST_PACE_MS) return null;
  return new Date(now.getTime() + ((picksBefore + 1) * pace.ms) / pace.jobs);
}

function ofCancel({ job }: WaitFacts): Blocker[] {
  if (job.cancelRequestedAt === null) return [];
  const at = job.cancelRequestedAt.toISOString();
  return [{ code: "cancel_requested", message: "A cancel was requested: it will end, not run.", details: { at } }];
}

function ofWait({ job, now }: WaitFacts): Blocker[] {
  if (job.waitingFor === "review") {
    const gate = job.gate ?? "";
    return [{ code: "waiting_for_review", message: `It waits for a decision at the gate ${gate}.`, details: { gate } }];
  }
  if (job.nextRetryAt === null) return [];
  const seconds = Math.max(0, Math.ceil((job.nextRetryAt.getTime() - now.getTime()) / 1_000));
  const what = job.waitingFor === "quota" ? "quota" : "its next try";
  const when = seconds === 0 ? "which is due" : `in ${seconds} s`;
  return [
    {
      code: "retry_later",
      message: `It waits for ${what} of the stage ${job.stage}, ${when}.`,
      details: { reason: job.waitingFor ?? "retry", at: job.nextRetryAt.toISOString(), seconds },
    },
  ];
}

/** At a gate nobody knows yet what there will be. */
function ofQuota({ quota, job, now }: WaitFacts): Blocker[] {
  if (quota === null || job.waitingFor === "review" || hasRoom(quota.units, quota, now)) return [];
  const { service, pool, units, limit, used, reserved, pausedUntil, pauseReason } = quota;
  const name = `${service} (${pool})`;
  if (pausedUntil !== null && pausedUntil > now) {
    const until = pausedUntil.toISOString();
    const reason = pauseReason ?? "";
    const why = reason === "" ? "" : `: ${reason}`;
    const message = `${name} is paused until ${until}${why}.`;
    return [{ code: "quota_paused", message, details: { service, pool, until, reason } }];
  }
  const resetsAt = quota.resetsAt.toISOString();
  const most = limit ?? 0;
  const message =
    units > most
      ? `It takes ${units} units of ${name}, more than a whole day's ${most}.`
      : `It takes ${units} units of ${name}, and ${Math.max(0, most - used - reserved)} of the day's ${most} are left.`;
  return [
    {
      code: "quota_exhausted",
      message,
      details: { service, pool, units, used, reserved, limit: most, resets_at: resetsAt },
    },
  ];
}

function ofChannel({ channel }: WaitFacts): Blocker[] {
  const found: Blocker[] = [];
  if (!channel.isActive) found.push({ code: "channel_inactive", message: "Its channel is switched off.", details: {} });
  const { maxInFlight, inFlight } = channel;
  if (maxInFlight !== null && inFlight !== null && inFlight >= maxInFlight) {
    found.push({
      code: "channel_at_cap",
      message: `Its channel has ${inFlight} of at most ${maxInFlight} jobs in flight.`,
      details: { in_flight: inFlight, max_in_flight: maxInFlight },
    });
  }
  return found;
}

function ofLeader({ leader }: WaitFacts): Blocker[] {
  if (leader !== null) return [];
  return [{ code: "no_leader", message: "No worker leads, so nothing is dispatched.", details: {} }];
}

function ofLane({ job, setting }: WaitFacts): Blocker[] {
  if (!setting.isPaused) return [];
  return [{ code: "lane_paused", message: `The lane ${job.lane} is paused.`, details: { lane: job.lane } }];
}

const ticketsOf = ({ waiting, active, delayed }: LaneCounts): number => waiting + active + delayed;

function ofRoom({ job, setting, queue }: WaitFacts): Blocker[] {
  if (queue === null) return [unreachable];
  const tickets = ticketsOf(queue.counts);
  if (tickets < setting.windowTickets) return [];
  return [
    {
      code: "lane_full",
      message: `The lane ${job.lane} has ${tickets} tickets in the queue, of at most ${setting.windowTickets}.`,
      details: { lane: job.lane, tickets, window_tickets: setting.windowTickets },
    },
  ];
}

const unreachable: Blocker = {
  code: "queue_unreachable",
  message: "The queue does not answer: nothing is dispatched until it does.",
  details: {},
};

function ofLine({ job, line }: WaitFacts): Blocker[] {
  if (line === null) return [];
  const found: Blocker[] = [];
  if (line.higher > 0) found.push(higherPriorities(job, line.higher));
  if (line.turnsBefore > 0) {
    found.push({
      code: "other_channels",
      message: `${line.turnsBefore} turns of ${line.channelsBefore} other channels come first.`,
      details: { channels: line.channelsBefore, turns: line.turnsBefore },
    });
  }
  if (line.position > 1) {
    found.push({
      code: "own_channel",
      message: `${line.position - 1} jobs of its own channel are older.`,
      details: { position: line.position, jobs: line.position - 1 },
    });
  }
  return found;
}

function higherPriorities(
  { lane, priority }: { readonly lane: Lane; readonly priority: Priority },
  jobs: number,
): Blocker {
  const message = `${jobs} jobs of higher priority wait in the lane ${lane}.`;
  return { code: "higher_priorities", message, details: { jobs, lane, priority } };
}

function ofTicket({ queue }: WaitFacts): Blocker[] {
  if (queue === null) return [unreachable];
  const { ticket, counts } = queue;
  if (ticket === "missing" || ticket === "finished") {
    const message = "Its ticket is not in the queue; the leader gives it another one within seconds.";
    return [{ code: "ticket_missing", message, details: { ticket } }];
  }
  return [
    {
      code: "waiting_for_worker",
      message: `It waits for a worker: ${counts.waiting} tickets of its lane wait, ${counts.active} are in workers' hands.`,
      details: { ticket: ticket ?? "unknown", waiting: counts.waiting, held: counts.active },
    },
  ];
}
