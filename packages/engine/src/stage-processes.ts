import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Log, MillraceError } from "@millrace/core";
import type { FromSeat } from "./stage-protocol.ts";
import { type Channel, type ChannelEvents, type StageSeats, stageSeats } from "./stage-seats.ts";

export interface StageProcessesOptions {
  /** The module that calls `guardStageProcess`. */
  readonly entry: URL;
  /** For running TypeScript sources directly, as tests do. */
  readonly execArgv?: readonly string[];
  readonly processes: number;
  /** Starts the first process now: loading all that pipelines need takes it a second or so. */
  readonly isWarm?: boolean;
  /** How long an aborted stage may take to notice before its process is ended. */
  readonly abortGraceMs: number;
  readonly log: Log;
}

/**
 * Runs stages in processes of their own, one at a time each: computing never blocks the event loop that keeps the leases,
 * and whatever a parser does to its process (memory of any kind, a crash in native code) fails only the stage it ran.
 */
export function stageProcesses(options: StageProcessesOptions): StageSeats {
  const { processes, isWarm = false, abortGraceMs, log } = options;
  return stageSeats({ open: (events) => openProcess(options, events), seats: processes, isWarm, abortGraceMs, log });
}

function openProcess({ entry, execArgv = [] }: StageProcessesOptions, events: ChannelEvents): Channel {
  const child = fork(fileURLToPath(entry), [], {
    execArgv: [...execArgv],
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let isOver = false;
  const end = (why: string): void => {
    if (isOver) return;
    isOver = true;
    events.ended((stage) => processDied(stage, why));
  };
  child.on("message", (message) => events.message(message as FromSeat));
  // no process could be made, or a message could not be sent to one that is ending
  child.on("error", (error) => {
    if (child.pid === undefined) end(error.message);
  });
  child.on("exit", (code, signal) => end(signal === null ? `it ended with code ${code}` : `${signal} ended it`));
  return {
    post: (message) => {
      if (child.connected) child.send(message);
    },
    end: () => ended(child),
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

function processDied(stage: string, why: string): MillraceError {
  return new MillraceError("STAGE_CRASHED", `the process of stage ${stage} died: ${why}`, { retry: "once" });
}
