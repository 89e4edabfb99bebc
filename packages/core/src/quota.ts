/** What a stage takes of a service's day: units of the pool's quota, reserved when its job gets a ticket. */
export interface QuotaNeed {
  /** Such as `youtube`. */
  readonly service: string;
  /** Who shares the quota, such as the channels of one account. */
  readonly pool: string;
  /** At least 1. */
  readonly units: number;
}

/** The pool that speaks for every pool of a service without a limit of its own. */
export const ANY_POOL = "*";

/** A quota as of today, which is the day of its own time zone. */
export interface QuotaState {
  /** Units a day; null: no limit. */
  readonly limit: number | null;
  readonly used: number;
  /** Of jobs under way that have not said yet what they used. */
  readonly reserved: number;
  /** The service asked not to be called before; null: it did not. */
  readonly pausedUntil: Date | null;
}

/** By what quotas are told apart in a map. */
export const quotaKey = ({ service, pool }: Pick<QuotaNeed, "service" | "pool">): string => `${service} ${pool}`;

/** Whether a job may be picked now as far as its quota goes (C-S21): not paused, and room for all that it takes. */
export function hasRoom(units: number, { limit, used, reserved, pausedUntil }: QuotaState, now: Date): boolean {
  if (pausedUntil !== null && pausedUntil > now) return false;
  return limit === null || used + reserved + units <= limit;
}

/** The claim in whose name something is written: void as soon as the job's fence has moved on. */
export interface Claim {
  readonly jobId: string;
  readonly fence: number;
}
