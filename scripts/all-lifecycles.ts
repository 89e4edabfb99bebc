import { jobLifecycle, type Lifecycle } from "@millrace/core";
import { taskLifecycle } from "@millrace/pipelines";

/** Every state machine with a page of its own, and the file its table is in. */
export const LIFECYCLES: readonly {
  readonly lifecycle: Lifecycle<string, string, string>;
  readonly source: string;
}[] = [
  { lifecycle: jobLifecycle, source: "packages/core/src/lifecycle" },
  { lifecycle: taskLifecycle, source: "packages/pipelines/src/video/task-lifecycle.ts" },
];
