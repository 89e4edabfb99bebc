import { PRIORITIES, type Priority } from "./job.ts";
import { hasRoom, type QuotaNeed, type QuotaState, quotaKey } from "./quota.ts";

/**
 * How far a channel of weight 1 moves on for each job it is served, in units of virtual time. Whole numbers, so that this
 * rule and the dispatch statement reckon exactly alike.
 */
export const STANDARD_STEP = 100_000;

/** What bounds a channel's weight. */
export const WEIGHTS = { least: 0.1, most: 100 } as const;

/** What an operator set for a channel. One that nobody set anything for is `ORDINARY_CHANNEL`. */
export interface ChannelShare {
  /** Jobs served in proportion to the others of its class. */
  readonly weight: number;
  readonly isActive: boolean;
  /** Jobs dispatched and unfinished at a time, over all lanes and priorities; null: no cap. */
  readonly maxInFlight: number | null;
}

export const ORDINARY_CHANNEL: ChannelShare = { weight: 1, isActive: true, maxInFlight: null };

/** Where a channel stands in a class, which is the jobs of one lane and priority. */
export interface Turn {
  /** Virtual time: the smallest is next. */
  readonly vtime: number;
  /** When it was last served or entered; settles ties. From one sequence, so never equal within a class. */
  readonly turnNo: number;
}

/** A job of one lane in the backlog. */
export interface JobInLine {
  /** Order of arrival. */
  readonly seq: number;
  readonly channelId: string;
  readonly priority: Priority;
  /** Not before; null: at any time. */
  readonly nextRetryAt: Date | null;
  /** At a gate, or a cancel was requested. */
  readonly isHeld: boolean;
  /** What its stage takes; absent: nothing of any quota. */
  readonly quota?: QuotaNeed | null;
}

/** What is known beside the backlog of a lane. */
export interface LaneState {
  readonly now: Date;
  /** A channel that is not there is ordinary. */
  readonly shares: ReadonlyMap<string, ChannelShare>;
  /** Jobs in flight by channel. */
  readonly inFlight: ReadonlyMap<string, number>;
  /** By priority, then channel. Every channel with a job in line has entered its class. */
  readonly turns: Readonly<Record<Priority, ReadonlyMap<string, Turn>>>;
  /** Today's, by `quotaKey`; one that is not there has no limit. */
  readonly quotas?: ReadonlyMap<string, QuotaState>;
}

/** The distance between two turns of a channel. */
export function stepOf(weight: number): number {
  return Math.floor(STANDARD_STEP / weight);
}

/**
 * A channel whose first job arrives joins at the back: behind everybody who is owed a turn, and not before its own last
 * turn, so that leaving and coming back gains nothing. `clock`: start of the turn served last in the class.
 */
export function enterClass(clock: number, earlier: Turn | undefined, turnNo: number): Turn {
  return { vtime: Math.max(earlier?.vtime ?? 0, clock + STANDARD_STEP), turnNo };
}

/** Where class and channel stand after one job. A channel that was held up starts at the clock: no burst makes up for it. */
export function serveTurn(
  clock: number,
  turn: Turn,
  { weight, turnNo }: { readonly weight: number; readonly turnNo: number },
): { readonly clock: number; readonly turn: Turn } {
  const start = Math.max(turn.vtime, clock);
  return { clock: start, turn: { vtime: start + stepOf(weight), turnNo } };
}

/** Smaller virtual time first, then who was served or entered longest ago. */
export function compareTurns(a: Turn, b: Turn): number {
  return a.vtime - b.vtime || a.turnNo - b.turnNo;
}

/**
 * Which job of the backlog is dispatched next (C-S21, C-Q06): of the highest priority that has an eligible job, of the
 * channel whose turn it is, the oldest. Jobs that are not eligible hold up nobody.
 */
export function nextJob<J extends JobInLine>(backlog: readonly J[], state: LaneState): J | undefined {
  const eligible = backlog.filter((job) => isEligible(job, state));
  for (const priority of PRIORITIES) {
    const ofClass = eligible.filter((job) => job.priority === priority);
    if (ofClass.length === 0) continue;
    const turns = state.turns[priority];
    return ofClass.reduce((best, job) => (isBefore(job, best, turns) ? job : best));
  }
  return undefined;
}

function isEligible(job: JobInLine, { now, shares, inFlight, quotas }: LaneState): boolean {
  const { isActive, maxInFlight } = shares.get(job.channelId) ?? ORDINARY_CHANNEL;
  const quota = job.quota ? quotas?.get(quotaKey(job.quota)) : undefined;
  return (
    !job.isHeld &&
    isActive &&
    (maxInFlight === null || (inFlight.get(job.channelId) ?? 0) < maxInFlight) &&
    (job.nextRetryAt === null || job.nextRetryAt <= now) &&
    (!job.quota || quota === undefined || hasRoom(job.quota.units, quota, now))
  );
}

function isBefore(a: JobInLine, b: JobInLine, turns: ReadonlyMap<string, Turn>): boolean {
  if (a.channelId === b.channelId) return a.seq < b.seq;
  const [turnA, turnB] = [turns.get(a.channelId), turns.get(b.channelId)];
  if (turnA === undefined || turnB === undefined)
    throw new Error("a channel with jobs in line has not entered its class");
  return (compareTurns(turnA, turnB) || (a.channelId < b.channelId ? -1 : 1)) < 0;
}

/**
 * How many picks of its class the oldest job of an eligible channel waits for at most, from the moment its channel entered
 * or was served the job before it. `others`: weights of the other channels eligible meanwhile. With equal weights, one
 * pick each.
 */
export function mostPicksBefore(weight: number, others: readonly number[]): number {
  const distance = Math.max(stepOf(weight), STANDARD_STEP);
  return others.reduce((sum, other) => sum + Math.max(1, Math.ceil(distance / stepOf(other))), 0);
}
