// Starts a stage that never ends and says in which process, for stage-seats.test.ts.
import { register } from "tsx/esm/api";

register();
const { silentLog } = await import("@millrace/core");
const { stageProcesses } = await import("./stage-processes.ts");
const processes = stageProcesses({
  entry: new URL("./stage-process.fixture.mjs", import.meta.url),
  execArgv: ["--conditions=millrace-source"],
  processes: 1,
  abortGraceMs: 200,
  log: silentLog,
});
const call = { pipeline: "threads", pipelineVersion: "1.0.0", stage: "pid", job: {}, input: 0, outputs: {} };
const { signal } = new AbortController();
void processes.run(undefined, call, { signal, log: silentLog, progress: (pid) => process.send?.(pid) });
