import { Worker as Thread } from "node:worker_threads";
import { type Log, MillraceError } from "@millrace/core";
import type { FromSeat } from "./stage-protocol.ts";
import { type Channel, type ChannelEvents, type StageSeats, stageSeats } from "./stage-seats.ts";

export interface StageThreadsOptions {
  /** The module that wires the pipelines and calls `serveStageThread`. */
  readonly entry: URL;
  /** For running TypeScript sources directly, as tests do. */
  readonly execArgv?: readonly string[];
  readonly threads: number;
  /** A stage past it fails alone. */
  readonly maxHeapMb: number;
  /** How long an aborted stage may take to notice before its thread is ended. */
  readonly abortGraceMs: number;
  readonly log: Log;
}

/**
 * Runs stages in threads, one at a time each, so that computing never blocks the event loop beside them. A thread that
 * dies (out of heap, a loop that ignores its abort) fails only the stage it ran and is replaced.
 */
export function stageThreads(options: StageThreadsOptions): StageSeats {
  const { threads, abortGraceMs, log } = options;
  return stageSeats({ open: (events) => openThread(options, events), seats: threads, abortGraceMs, log });
}

function openThread({ entry, execArgv = [], maxHeapMb }: StageThreadsOptions, events: ChannelEvents): Channel {
  const thread = new Thread(entry, {
    execArgv: [...execArgv],
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
  });
  let cause: unknown;
  thread.on("message", (message: FromSeat) => events.message(message));
  thread.on("error", (error) => {
    cause = error;
  });
  thread.on("exit", () => events.ended((stage) => threadDied(stage, cause)));
  return { post: (message) => thread.postMessage(message), end: () => thread.terminate() };
}

/** What kills a thread once may have been bad luck; twice it is the input (B-Q14). */
function threadDied(stage: string, cause: unknown): MillraceError {
  const isMemory = cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY";
  const why = isMemory
    ? "it needed more memory than a stage may use"
    : cause instanceof Error
      ? cause.message
      : "it was ended";
  const code = isMemory ? "CONTENT_TOO_COMPLEX" : "STAGE_CRASHED";
  return new MillraceError(code, `the thread of stage ${stage} died: ${why}`, { retry: "once", cause });
}
