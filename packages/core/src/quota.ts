/** What a stage takes of a service's day: units of the pool's quota, reserved when its job gets a ticket. */
export interface QuotaNeed {
  /** Such as `youtube`. */
  readonly service: string;
  /** Who shares the quota, such as the channels of one account. */
  readonly pool: string;
  /** At least 1. */
  readonly units: number;
}

/** The claim in whose name something is written: void as soon as the job's fence has moved on. */
export interface Claim {
  readonly jobId: string;
  readonly fence: number;
}
