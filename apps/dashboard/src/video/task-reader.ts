import type { TaskStatusName, TaskStore } from "@millrace/db";
import type { VideoUnit } from "@millrace/pipelines";

/** What the console reads of tasks. */
export type TaskReader = Pick<
  TaskStore,
  | "findTask"
  | "listTasks"
  | "countTasks"
  | "listTransitions"
  | "listRuns"
  | "listErrors"
  | "listCosts"
  | "sumCosts"
  | "findVideoChannel"
  | "listVideoChannels"
> & {
  unitsOf(taskId: string): Promise<readonly VideoUnit[]>;
  typicalTimes(): Promise<TypicalTimes>;
};

/** Milliseconds that tasks usually stay in a status: the median of those that left it lately. */
export type TypicalTimes = ReadonlyMap<TaskStatusName, number>;
