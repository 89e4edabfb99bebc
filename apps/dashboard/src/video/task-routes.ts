import type { Clock, JobStore } from "@millrace/core";
import { VIDEO_STEPS, type VideoUnit } from "@millrace/pipelines";
import { type Request, type Response, Router } from "express";
import { isJobId } from "../job-query.ts";
import type { ShellReader } from "../read-shell.ts";
import { type TaskView, taskScreen } from "../screens/task-screen.ts";
import { boardScreen, tasksScreen } from "../screens/tasks-screen.ts";
import { troubleScreen } from "../screens/trouble-screen.ts";
import type { Actors } from "./actors.ts";
import { type ExplainNeeds, explainTask } from "./explain-task.ts";
import { sendUnit, type UnitBlobs } from "./send-unit.ts";
import { TASK_GROUPS } from "./task-groups.ts";
import { COLUMN, filterOf, isBoard, pageOf, parseTaskQuery, type TaskQuery } from "./task-query.ts";
import type { TaskReader } from "./task-reader.ts";

export interface TaskNeeds extends ExplainNeeds {
  readonly tasks: TaskReader;
  readonly jobs: Pick<JobStore, "findJob" | "listGates" | "laneSettings">;
  readonly blobs: UnitBlobs | null;
  readonly actors: Actors;
  readonly readShell: ShellReader;
  readonly clock: Clock;
}

/** Videos being made, for people: the board, a task with all that was made for it, and the bytes of that. */
export function taskRoutes(needs: TaskNeeds): Router {
  const { tasks, blobs, readShell } = needs;
  const router = Router();
  router.get("/tasks", async (req, res) => {
    const query = parseTaskQuery(req.query);
    res.type("html").send(isBoard(query) ? await board(needs, query) : await list(needs, query));
  });
  router.get("/tasks/:id", (req, res) => showTask(needs, req, res, { id: req.params.id }));
  router.get("/tasks/:id/units/:step/*unit", async (req, res) => {
    const { id, step } = req.params;
    const name = (req.params.unit as unknown as readonly string[]).join("/");
    const units = isJobId(id) && isStep(step) ? await tasks.unitsOf(id) : [];
    const unit = units.find((each: VideoUnit) => each.step === step && each.unit === name);
    if (unit !== undefined && blobs !== null && (await sendUnit(req, res, blobs, unit))) return;
    const text =
      blobs === null ? "This dashboard has no BLOB_URL." : "It was never made, or was removed with its task's work.";
    res
      .status(404)
      .type("html")
      .send(troubleScreen(await readShell(), { title: "No such part", text }));
  });
  return router;
}

const isStep = (step: string): boolean => VIDEO_STEPS.some((each) => each === step);

async function frame({ tasks, readShell, clock }: TaskNeeds, query: TaskQuery) {
  const [shell, channels, counts, typical] = await Promise.all([
    readShell(),
    tasks.listVideoChannels(null),
    tasks.countTasks({ ownerId: null, channelId: query.channel }),
    tasks.typicalTimes(),
  ]);
  return { shell, view: { query, channels, counts, typical, now: clock.now() } };
}

async function board(needs: TaskNeeds, query: TaskQuery): Promise<string> {
  const columns = Promise.all(
    TASK_GROUPS.map(async (group) => {
      const rows = await needs.tasks.listTasks(filterOf({ ...query, group, after: undefined }, COLUMN));
      return { group, tasks: rows.slice(0, COLUMN), more: rows.length > COLUMN };
    }),
  );
  const [{ shell, view }, read] = await Promise.all([frame(needs, query), columns]);
  return boardScreen(shell, { ...view, columns: read });
}

async function list(needs: TaskNeeds, query: TaskQuery): Promise<string> {
  const [{ shell, view }, rows] = await Promise.all([frame(needs, query), needs.tasks.listTasks(filterOf(query))]);
  return tasksScreen(shell, { ...view, ...pageOf(rows) });
}

/** The task as it is now; with a problem, in place of what was asked for. */
export async function showTask(
  needs: TaskNeeds,
  req: Request,
  res: Response,
  { id, status = 200, problem }: { readonly id: string; readonly status?: number; readonly problem?: string },
): Promise<void> {
  const { readShell, actors } = needs;
  const [shell, actor, read] = await Promise.all([
    readShell(),
    actors.find(req),
    isJobId(id) ? readTask(needs, id) : undefined,
  ]);
  if (read === undefined) {
    const text = "It never existed, or was deleted as a draft.";
    res
      .status(404)
      .type("html")
      .send(troubleScreen(shell, { title: "No such video", text }));
    return;
  }
  res
    .status(status)
    .type("html")
    .send(taskScreen(shell, { ...read, actor, problem }));
}

type Read = Omit<TaskView, "actor" | "problem">;

async function readTask(needs: TaskNeeds, id: string): Promise<Read | undefined> {
  const { tasks, jobs, clock } = needs;
  const task = await tasks.findTask(id, null);
  if (task === undefined) return undefined;
  const job = task.job === null ? undefined : await jobs.findJob(task.job.id, null);
  const [units, transitions, runs, errors, costs, typical, gates, blockers] = await Promise.all([
    tasks.unitsOf(id),
    tasks.listTransitions(id),
    tasks.listRuns(id),
    tasks.listErrors(id),
    tasks.listCosts(id),
    tasks.typicalTimes(),
    job === undefined ? [] : jobs.listGates(job.id),
    job === undefined ? [] : explainTask(needs, job),
  ]);
  const said = job?.metadata["submitted_by"];
  const submittedBy = typeof said === "string" ? said : null;
  return { task, units, transitions, runs, errors, costs, typical, gates, blockers, submittedBy, now: clock.now() };
}
