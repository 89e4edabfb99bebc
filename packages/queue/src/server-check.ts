import type { Finding } from "@millrace/core";

/** What a queue server is, and how fit it is for its work. */
export interface ServerCheck {
  /** For people, e.g. `Redis 7.0.15`. */
  readonly server: string;
  readonly version: string;
  /** One for everything that was looked at, also where nothing is wrong. Fatal: tickets would be lost or never run. */
  readonly findings: readonly Finding[];
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
