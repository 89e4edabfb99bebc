import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { until } from "@millrace/testing";
import type { StageLine } from "./run-record.ts";

/** Follows the stages' log while it is written. */
export interface StageTail {
  readonly lines: readonly StageLine[];
  /** The first line that fits, now or later. */
  find(fits: (line: StageLine) => boolean, what: string, timeoutMs?: number): Promise<StageLine>;
  refresh(): void;
}

const FIND_MS = 120_000;
const LOOK_EVERY_MS = 5;

export function tailStages(file: string): StageTail {
  const lines: StageLine[] = [];
  let offset = 0;
  let rest = "";
  const refresh = (): void => {
    if (!existsSync(file)) return;
    const descriptor = openSync(file, "r");
    try {
      const fresh = Buffer.alloc(fstatSync(descriptor).size - offset);
      offset += readSync(descriptor, fresh, 0, fresh.length, offset);
      const parts = (rest + fresh.toString()).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) lines.push(JSON.parse(part) as StageLine);
    } finally {
      closeSync(descriptor);
    }
  };
  return {
    lines,
    refresh,
    find: (fits, what, timeoutMs = FIND_MS) => {
      let seen = 0;
      return until(
        () => {
          refresh();
          for (; seen < lines.length; seen++) if (fits(lines[seen]!)) return lines[seen];
          return undefined;
        },
        { timeoutMs, everyMs: LOOK_EVERY_MS, message: what },
      );
    },
  };
}
