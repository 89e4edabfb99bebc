import { guardStageProcess } from "@millrace/engine";
import { readConfig } from "./config.ts";

const config = readConfig();
guardStageProcess({
  entry: new URL("./stage-thread.js", import.meta.url),
  maxHeapMb: config.STAGE_MAX_HEAP_MB,
  maxMemoryMb: config.STAGE_MAX_MEMORY_MB,
  abortGraceMs: 2_000,
});
