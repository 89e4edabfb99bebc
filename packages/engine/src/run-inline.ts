import { type Clock, MillraceError } from "@millrace/core";
import type { StageRunner } from "./stage-runner.ts";

/** Runs stages on the event loop of this process: right for stages that wait, wrong for stages that compute. */
export function runInline(clock: Clock): StageRunner {
  return {
    async run(pipeline, call, options) {
      const stage = pipeline.stages[call.stage];
      if (stage === undefined)
        throw new MillraceError("STAGE_UNKNOWN", `pipeline ${call.pipeline} has no stage ${call.stage}`);
      const { job, input, outputs } = call;
      const { log, progress } = options;
      return stage({
        job,
        input,
        outputs,
        progress,
        log,
        clock,
        // made on first use: a signal costs more than all the rest of a stage that returns at once
        get signal() {
          return options.signal;
        },
      });
    },
  };
}
