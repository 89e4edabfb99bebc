import { Worker as Thread } from "node:worker_threads";
import { type Log, MillraceError, type Outcome } from "@millrace/core";
import type { StageCall, StageCallOptions, StageRunner } from "./stage-runner.ts";
import { type FromThread, packError, type ToThread, unpackError, unpackOutcome } from "./thread-protocol.ts";

export interface StageThreadsOptions {
  /** The module that wires the pipelines and calls `serveStageThread`. */
  readonly entry: URL;
  /** For running TypeScript sources directly, as tests do. */
  readonly execArgv?: readonly string[];
  readonly threads: number;
  /** A stage past it fails alone; the worker and its other stages live on. */
  readonly maxHeapMb: number;
  /** How long an aborted stage may take to notice before its thread is ended. */
  readonly abortGraceMs: number;
  readonly log: Log;
}

export interface StageThreads extends StageRunner {
  close(): Promise<void>;
}

interface Run {
  readonly id: number;
  readonly call: StageCall;
  readonly options: StageCallOptions;
  readonly resolve: (outcome: Outcome<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

interface Seat {
  readonly thread: Thread;
  run: Run | undefined;
}

/**
 * Runs stages in threads, one at a time each, so that computing never blocks the event loop that keeps the leases. A
 * thread that dies (out of memory, a crashed WASM module, a loop that ignores its abort) fails only the stage it ran and
 * is replaced.
 */
export function stageThreads(options: StageThreadsOptions): StageThreads {
  const seats = new Set<Seat>();
  const queue: Run[] = [];
  let nextId = 1;
  let isClosed = false;

  const open = (): Seat => {
    const thread = new Thread(options.entry, {
      execArgv: [...(options.execArgv ?? [])],
      resourceLimits: { maxOldGenerationSizeMb: options.maxHeapMb },
    });
    const seat: Seat = { thread, run: undefined };
    let cause: unknown;
    thread.on("message", (message: FromThread) => receive(seat, message));
    thread.on("error", (error) => {
      cause = error;
    });
    thread.on("exit", () => {
      seats.delete(seat);
      seat.run?.reject(threadDied(seat.run, cause));
      seat.run = undefined;
      if (queue.length > 0 && !isClosed) fill();
    });
    seats.add(seat);
    return seat;
  };

  const receive = (seat: Seat, message: FromThread): void => {
    const { run } = seat;
    if (message.kind === "ready" || run === undefined || message.id !== run.id) return;
    switch (message.kind) {
      case "progress":
        run.options.progress(message.fraction);
        return;
      case "log":
        run.options.log[message.level](message.fields, message.message);
        return;
      case "ended":
        run.resolve(unpackOutcome(message.outcome));
        break;
      case "threw":
        run.reject(unpackError(message.error));
        break;
    }
    seat.run = undefined;
    fill();
  };

  /** Gives waiting runs to free threads, opening new ones up to the limit. */
  const fill = (): void => {
    while (queue.length > 0) {
      let seat = [...seats].find((s) => s.run === undefined);
      if (seat === undefined && seats.size < options.threads) seat = open();
      if (seat === undefined) return;
      const run = queue.shift();
      if (run !== undefined) start(seat, run);
    }
  };

  const start = (seat: Seat, run: Run): void => {
    const { signal } = run.options;
    if (signal.aborted) {
      run.reject(signal.reason);
      return;
    }
    seat.run = run;
    const abort = (): void => {
      seat.thread.postMessage({ kind: "abort", id: run.id, reason: packError(signal.reason) } satisfies ToThread);
      setTimeout(() => {
        if (seat.run !== run) return;
        options.log.warn(
          { job_id: run.call.job.id, stage: run.call.stage },
          "stage ignored its abort; ending its thread",
        );
        void seat.thread.terminate();
      }, options.abortGraceMs).unref();
    };
    signal.addEventListener("abort", abort, { once: true });
    seat.thread.postMessage({ kind: "run", id: run.id, call: run.call } satisfies ToThread);
  };

  return {
    run: (_pipeline, call, callOptions) =>
      new Promise((resolve, reject) => {
        if (isClosed)
          return reject(new MillraceError("PIPELINE_EXCEPTION", "the stage threads are closed", { retry: "backoff" }));
        queue.push({ id: nextId++, call, options: callOptions, resolve, reject });
        fill();
      }),
    async close() {
      isClosed = true;
      await Promise.all([...seats].map((s) => s.thread.terminate()));
    },
  };
}

/** What kills a thread once may have been bad luck; twice it is the input (B-Q14). */
function threadDied(run: Run, cause: unknown): MillraceError {
  const isMemory = cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY";
  const why = isMemory
    ? "it needed more memory than a stage may use"
    : cause instanceof Error
      ? cause.message
      : "it was ended";
  const code = isMemory ? "CONTENT_TOO_COMPLEX" : "STAGE_CRASHED";
  return new MillraceError(code, `the thread of stage ${run.call.stage} died: ${why}`, { retry: "once", cause });
}
