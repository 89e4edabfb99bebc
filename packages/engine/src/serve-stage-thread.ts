import { type MessagePort, parentPort } from "node:worker_threads";
import { type Clock, type Log, MillraceError, type Registry } from "@millrace/core";
import {
  type FromThread,
  type LogLevel,
  packError,
  packOutcome,
  type ToThread,
  unpackError,
} from "./thread-protocol.ts";

/** The thread's side of `stageThreads`: call it in the thread's entry module once its pipelines are wired. */
export function serveStageThread({ registry, clock }: { readonly registry: Registry; readonly clock: Clock }): void {
  const port = parentPort;
  if (port === null) throw new Error("serveStageThread belongs in a worker thread");
  const running = new Map<number, AbortController>();
  const post = (message: FromThread): void => port.postMessage(message);

  const run = async ({ id, call }: Extract<ToThread, { kind: "run" }>): Promise<void> => {
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
        log: portLog(port, id, {}),
        clock,
      });
      post({ kind: "ended", id, outcome: packOutcome(outcome) });
    } catch (error) {
      post({ kind: "threw", id, error: packError(error) });
    } finally {
      running.delete(id);
    }
  };

  port.on("message", (message: ToThread) => {
    if (message.kind === "run") void run(message);
    else running.get(message.id)?.abort(unpackError(message.reason));
  });
  post({ kind: "ready" });
}

function portLog(port: MessagePort, id: number, bound: Readonly<Record<string, unknown>>): Log {
  const at = (level: LogLevel) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    const { err, ...plain } = { ...bound, ...fields };
    const sent = JSON.parse(JSON.stringify(err === undefined ? plain : { ...plain, error: String(err) })) as Readonly<
      Record<string, unknown>
    >;
    port.postMessage({ kind: "log", id, level, fields: sent, message } satisfies FromThread);
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => portLog(port, id, { ...bound, ...fields }),
  };
}
