export { type Cancel, createCancel } from "./cancel.ts";
export { folderSpool } from "./folder-spool.ts";
export { type LeaderTimings, leaderTimings } from "./leader-timings.ts";
export { serveStageThread } from "./serve-stage-thread.ts";
export type { StageCall, StageRunner } from "./stage-runner.ts";
export { type StageThreads, type StageThreadsOptions, stageThreads } from "./stage-threads.ts";
export { createSubmit, type Submission, type Submit, type SubmitAnswer } from "./submit.ts";
export type { WatchdogTimings } from "./watch-consumers.ts";
export { startWorker, type Worker, type WorkerOptions, type WorkerState } from "./worker.ts";
