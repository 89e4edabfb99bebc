import { systemClock } from "@millrace/core";
import { serveStageThread } from "@millrace/engine";
import { readConfig } from "./config.ts";
import { wirePipelines } from "./wire-pipelines.ts";

// A thread computes; what waits for Postgres runs in the worker itself.
const registry = await wirePipelines(readConfig(), { contents: undefined, batches: undefined, video: undefined });
serveStageThread({ registry, clock: systemClock });
