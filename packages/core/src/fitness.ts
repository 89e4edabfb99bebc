import type { Log } from "./log.ts";

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

/**
 * At the start of a program: logs warnings, and throws a list of what is fatal, a line for each. `isOverridden` starts all
 * the same, with an error line per fatal finding.
 */
export function refuseUnfit(findings: readonly Finding[], log: Log, isOverridden: boolean): void {
  for (const { check, severity, message, fix } of findings) {
    if (severity === "warning") log.warn({ check, fix }, message);
    if (severity === "fatal" && isOverridden) log.error({ check, fix }, `running although: ${message}`);
  }
  const fatal = findings.filter(({ severity }) => severity === "fatal");
  if (fatal.length === 0 || isOverridden) return;
  const lines = fatal.map(({ check, message, fix }) => `- ${check}: ${message}${fix === undefined ? "" : ` ${fix}`}`);
  throw new Error(
    [
      "Not started, because accepted work could be lost or never run:",
      ...lines,
      "ALLOW_UNFIT=true starts all the same.",
    ].join("\n"),
  );
}
