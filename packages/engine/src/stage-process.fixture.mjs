// The entry of the processes in stage-seats.test.ts.
import { register } from "tsx/esm/api";

register();
const { guardStageProcess } = await import("./guard-stage-process.ts");
guardStageProcess({
  entry: new URL("./stage-threads.fixture.mjs", import.meta.url),
  execArgv: ["--conditions=millrace-source"],
  maxHeapMb: 64,
  maxMemoryMb: 400,
  abortGraceMs: 200,
});
