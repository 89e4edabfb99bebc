/** One thing that was looked at before work is trusted to a server or a setting. */
export interface Finding {
  /** What was looked at, snake_case, e.g. `redis_eviction_policy`. */
  readonly check: string;
  /** `fatal`: accepted work could be lost or never run; programs refuse to start. */
  readonly severity: "ok" | "warning" | "fatal";
  /** What was found, for people. */
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
}
