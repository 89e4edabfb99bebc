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

export interface StartCheck {
  /** What is looked at, by name. One that cannot be looked at is not judged: a store that is away may come later. */
  readonly looks: Readonly<Record<string, () => Promise<readonly Finding[]>>>;
  /** What is known without looking. */
  readonly findings: readonly Finding[];
  readonly log: Log;
  /** Starts all the same, with an error line per fatal finding. */
  readonly isOverridden: boolean;
}

/** At the start of a program: logs warnings, and rejects with a list of what is fatal, a line for each. */
export async function refuseUnfit({ looks, findings: known, log, isOverridden }: StartCheck): Promise<void> {
  const found = await Promise.all(Object.entries(looks).map(([name, look]) => look().catch(notJudged(name))));
  const findings = [...found.flat(), ...known];
  for (const { check, severity, message, fix } of findings) {
    if (severity === "warning") log.warn({ check, fix }, message);
    if (severity === "fatal" && isOverridden) log.error({ check, fix }, `running although: ${message}`);
  }
  const fatal = findings.filter(({ severity }) => severity === "fatal");
  if (fatal.length === 0 || isOverridden) return;
  const lines = fatal.map(({ check, message, fix }) => `- ${check}: ${message}${fix === undefined ? "" : ` → ${fix}`}`);
  const first = "Not started, because accepted work could be lost or never run:";
  throw new Error([first, ...lines, "ALLOW_UNFIT=true starts all the same."].join("\n"));
}

function notJudged(name: string): (error: unknown) => Finding[] {
  return (error) => {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${name} could not be checked: ${reason}`;
    return [
      { check: `${name}_reachable`, severity: "warning", message, fix: "millrace doctor checks it when it is there." },
    ];
  };
}
