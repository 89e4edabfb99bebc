// The pipelines of a chaos run. What a stage does its input says; each start and end is one appended line, written before
// anything else happens, so that the harness knows what ran whatever became of the process.
import { appendFileSync, readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { definePipeline, done, waitForReview, waitUntil } from "@millrace/core";

const file = process.env["CHAOS_LOG"];
const worker = process.env["WORKER_NAME"];
// a stage that computes runs in a thread of a process of its own, whose parent is the worker
const workerPid = isMainThread ? process.pid : process.ppid;
const majors = (process.env["CHAOS_MAJORS"] ?? "1").split(",");
const shapes = JSON.parse(readFileSync(new URL("pipeline-shapes.json", import.meta.url), "utf8"));

const anything = { parse: (value) => value };
const retry = { attempts: 6, baseMs: 200, factor: 2, maxMs: 2_000, jitter: 0.2 };
const MAX_RETRIES = 20;
const TIMEOUT_MS = 60_000;
const WAIT_MS = 1_500;
const QUOTA_SERVICE = "chaos";

function note({ job }, stage, kind) {
  const line = { t: Date.now(), pid: workerPid, worker, job: job.id, stage, fence: job.fence, kind };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function spin(ms) {
  const end = Date.now() + ms;
  while (Date.now() < end);
}

const run = (stage) => async (context) => {
  note(context, stage, "start");
  const { input, job } = context;
  if (input.poison?.stage === stage && job.fence <= input.poison.times) {
    process.kill(workerPid, "SIGKILL");
    await pause(TIMEOUT_MS);
  }
  // a stage that heeds no signal
  await pause(input.slow?.stage === stage ? input.slow.ms : input.ms);
  if (stage === "c" && input.spinMs) spin(input.spinMs);
  if (input.fails?.stage === stage && job.attempt <= input.fails.times) {
    note(context, stage, "throw");
    throw new Error(`try ${job.attempt} fails as asked for`);
  }
  if (input.waits?.stage === stage && job.fence <= input.waits.times) {
    note(context, stage, "until");
    return waitUntil(new Date(Date.now() + WAIT_MS), "asked for");
  }
  const output = { stage, key: input.key };
  note(context, stage, "end");
  return stage === "draft" ? waitForReview("editor", output) : done(output);
};

/** Half of the jobs take of a quota in one of their stages, and so wait for another turn before it. */
const quotaOf = (stage) =>
  stage === "c" && {
    quota: ({ key }) => (/[13579]$/.test(key) ? { service: QUOTA_SERVICE, pool: `pool${key.length}`, units: 3 } : null),
  };

const define = (name, version, stages) =>
  definePipeline(
    {
      name,
      version,
      admission: "direct",
      input: anything,
      stages: Object.fromEntries(
        Object.entries(stages).map(([stage, lane]) => [
          stage,
          { lane, timeoutMs: TIMEOUT_MS, retry, isAbortable: stage === "b", output: anything, ...quotaOf(stage) },
        ]),
      ),
      maxRetries: MAX_RETRIES,
      resourceKey: (input) => `${name}:${input.key}`,
    },
    Object.fromEntries(Object.keys(stages).map((stage) => [stage, run(stage)])),
  );

/** A pipeline without a version 2 stays what it is. */
const isKnown = (version, versions) => Object.keys(versions).length === 1 || majors.includes(version.split(".")[0]);

export const pipelines = Object.entries(shapes).flatMap(([name, versions]) =>
  Object.entries(versions)
    .filter(([version]) => isKnown(version, versions))
    .map(([version, stages]) => define(name, version, stages)),
);
