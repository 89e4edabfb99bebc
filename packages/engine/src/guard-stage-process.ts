import { writeFileSync } from "node:fs";
import { MillraceError } from "@millrace/core";
import { seatLog } from "./seat-log.ts";
import { type FromSeat, packError, packOutcome, type ToSeat, unpackError } from "./stage-protocol.ts";
import { stageThreads } from "./stage-threads.ts";

export interface GuardOptions {
  /** The module that wires the pipelines and calls `serveStageThread`. */
  readonly entry: URL;
  /** For running TypeScript sources directly, as tests do. */
  readonly execArgv?: readonly string[];
  readonly maxHeapMb: number;
  /** Of the whole process: heap, buffers and WebAssembly together. */
  readonly maxMemoryMb: number;
  /** How long an aborted stage may take to notice before its thread is ended. */
  readonly abortGraceMs: number;
}

/** Memory fills at a GB or two a second at most. */
const LOOK_EVERY_MS = 50;
const MB = 1024 * 1024;

/**
 * The main thread of a stage's process: runs the stages that the parent sends in a thread, and ends the process when a
 * stage takes too much memory or the parent is gone. It computes nothing, so it always gets to do that.
 */
export function guardStageProcess(options: GuardOptions): void {
  const post = (message: FromSeat, sent: () => void = () => {}): void => {
    if (process.connected) process.send?.(message, undefined, undefined, sent);
  };
  let controller: AbortController | undefined;
  let current = 0;
  const thread = stageThreads({
    ...options,
    threads: 1,
    log: seatLog((line) => post({ ...line, id: current } as FromSeat), 0),
  });
  const isPast = (share: number): boolean => process.memoryUsage.rss() > share * options.maxMemoryMb * MB;

  const run = async ({ id, call }: Extract<ToSeat, { kind: "run" }>): Promise<FromSeat> => {
    current = id;
    controller = new AbortController();
    const { signal } = controller;
    const watch = setInterval(() => {
      if (!isPast(1)) return;
      clearInterval(watch);
      const message = `stage ${call.stage} needed more than the ${options.maxMemoryMb} MB of memory it may use`;
      const error = packError(new MillraceError("CONTENT_TOO_COMPLEX", message, { retry: "once" }));
      post({ kind: "leaving" });
      post({ kind: "threw", id, error }, die);
    }, LOOK_EVERY_MS);
    try {
      const progress = (fraction: number): void => post({ kind: "progress", id, fraction });
      // the thread finds the pipeline by its name
      const outcome = await thread.run(undefined as never, call, { signal, log: seatLog(post, id), progress });
      return { kind: "ended", id, outcome: packOutcome(outcome) };
    } catch (error) {
      return { kind: "threw", id, error: packError(error) };
    } finally {
      clearInterval(watch);
    }
  };

  process.on("message", (message: ToSeat) => {
    if (message.kind === "abort") return controller?.abort(unpackError(message.reason));
    void run(message).then((answer) => {
      // what this stage left behind must not count against the next one
      const isSpent = isPast(0.5);
      if (isSpent) post({ kind: "leaving" });
      post(answer, isSpent ? die : undefined);
    });
  });
  process.on("disconnect", die);
  // a terminal and a supervisor signal the whole group; what becomes of a stage is the worker's to say
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
  beFirstToGo();
}

/** At once: an orderly exit would wait for a thread that is deep in native code. */
function die(): void {
  process.kill(process.pid, "SIGKILL");
}

/** When the machine runs out of memory Linux is to take a stage's process, not the worker or a store. */
function beFirstToGo(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // another system
  }
}
