/** What a queue server must be, and what it is. */
export interface ServerCheck {
  /** For people, e.g. `Redis 7.0.15`. */
  readonly server: string;
  readonly version: string;
  /** Null where there is none (Postgres) or the host hides it. */
  readonly maxmemoryPolicy: string | null;
  /** Fatal problems mean tickets would be lost or never run: do not start. */
  readonly problems: readonly ServerProblem[];
}

export interface ServerProblem {
  readonly severity: "fatal" | "warning";
  readonly message: string;
}

/** Whether dotted version `version` is `minimum` or newer. Missing parts count as 0. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [have, need] = [version, minimum].map((text) => text.split(".").map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < Math.max(have!.length, need!.length); i++) {
    const difference = (have![i] ?? 0) - (need![i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
