import { parentPort } from "node:worker_threads";
import { type Clock, MillraceError, type Registry } from "@millrace/core";
import { seatLog } from "./seat-log.ts";
import { type FromSeat, packError, packOutcome, type ToSeat, unpackError } from "./stage-protocol.ts";

/** The thread's side of `stageThreads`: call it in the thread's entry module once its pipelines are wired. */
export function serveStageThread({ registry, clock }: { readonly registry: Registry; readonly clock: Clock }): void {
  const port = parentPort;
  if (port === null) throw new Error("serveStageThread belongs in a worker thread");
  const running = new Map<number, AbortController>();
  const post = (message: FromSeat): void => port.postMessage(message);

  const run = async ({ id, call }: Extract<ToSeat, { kind: "run" }>): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const stage = registry.find(call.pipeline, call.pipelineVersion)?.stages[call.stage];
      if (stage === undefined)
        throw new MillraceError("STAGE_UNKNOWN", `this thread does not know ${call.pipeline} stage ${call.stage}`);
      const outcome = await stage({
        job: call.job,
        input: call.input,
        outputs: call.outputs,
        signal: controller.signal,
        progress: (fraction) => post({ kind: "progress", id, fraction }),
        log: seatLog(post, id),
        clock,
      });
      post({ kind: "ended", id, outcome: packOutcome(outcome) });
    } catch (error) {
      post({ kind: "threw", id, error: packError(error) });
    } finally {
      running.delete(id);
    }
  };

  port.on("message", (message: ToSeat) => {
    if (message.kind === "run") void run(message);
    else running.get(message.id)?.abort(unpackError(message.reason));
  });
  post({ kind: "ready" });
}
