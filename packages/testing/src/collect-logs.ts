import type { Log } from "@millrace/core";

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** Those of the line and of every `child` it was written through. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface CollectedLogs {
  readonly log: Log;
  readonly lines: readonly LogLine[];
}

/** A log that keeps its lines for a test to read. */
export function collectLogs(): CollectedLogs {
  const lines: LogLine[] = [];
  const logWith = (inherited: LogLine["fields"]): Log => {
    const write =
      (level: LogLine["level"]) =>
      (fields: LogLine["fields"], message: string): void => {
        lines.push({ level, message, fields: { ...inherited, ...fields } });
      };
    return {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      child: (fields) => logWith({ ...inherited, ...fields }),
    };
  };
  return { log: logWith({}), lines };
}
