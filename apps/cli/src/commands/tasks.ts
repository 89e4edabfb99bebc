import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { type ApiClient, ApiProblem, type Body } from "../api-client.ts";
import { type Followed, followTask } from "../tasks/follow-task.ts";
import {
  type Gates,
  gateOf,
  standOf,
  type Task,
  type TaskErrors,
  type TaskGate,
  taskLine,
  taskText,
} from "../tasks/task-text.ts";
import type { Terminal } from "../terminal.ts";

const path = (id: string, rest = ""): string => `/api/v1/tasks/${encodeURIComponent(id)}${rest}`;

export type NewTask = Readonly<Record<string, unknown>>;

export async function createTask(
  api: ApiClient,
  terminal: Terminal,
  { task, wait, json }: { readonly task: NewTask; readonly wait: boolean; readonly json: boolean },
): Promise<boolean> {
  const { body } = await api.post<Body<"createTask">>("/api/v1/tasks", task);
  terminal.say(json ? JSON.stringify(body, null, 2) : `${body.id}  ${body.status}  ${body.title}`);
  return wait ? watchTask(api, terminal, body.id) : true;
}

export interface ListOptions {
  readonly status: readonly string[];
  readonly channel?: string;
  readonly priority?: string;
  readonly limit: number;
  readonly json: boolean;
}

export async function listTasks(api: ApiClient, { say }: Terminal, options: ListOptions): Promise<void> {
  const { status, channel, priority, limit, json } = options;
  const query = new URLSearchParams({
    limit: String(limit),
    ...(channel && { channel }),
    ...(priority && { priority }),
  });
  for (const each of status) query.append("status", each);
  const { body } = await api.get<Body<"listTasks">>(`/api/v1/tasks?${query}`);
  if (json) {
    say(JSON.stringify(body, null, 2));
    return;
  }
  if (body.tasks.length === 0) say("No tasks.");
  for (const task of body.tasks) say(taskLine(task));
  if (body.next_cursor !== null) say(`… more: the newest ${limit} are shown`);
}

export async function showTask(
  api: ApiClient,
  { say, colour }: Terminal,
  id: string,
  { json }: { readonly json: boolean },
): Promise<void> {
  const { body: task } = await api.get<Task>(path(id));
  if (json) {
    say(JSON.stringify(task, null, 2));
    return;
  }
  const { errors } = (await api.get<{ readonly errors: TaskErrors }>(path(id, "/errors"))).body;
  const { gates, blockers } = await askOfJob(api, task);
  for (const line of taskText(task, { errors, gates, blockers, colour })) say(line);
}

/** A key for tasks alone may not look at jobs; then nothing is said of them. */
async function askOfJob(api: ApiClient, { job }: Task): Promise<{ gates: Gates; blockers: readonly string[] }> {
  if (job === null) return { gates: [], blockers: [] };
  const isActive = job.status === "pending" || job.status === "processing";
  try {
    const { body } = await api.get<Body<"listJobReviews">>(`/api/v1/jobs/${job.id}/reviews`);
    const why = isActive ? (await api.get<Body<"explainJob">>(`/api/v1/jobs/${job.id}/why`)).body.blockers : [];
    return { gates: body.gates, blockers: why.map(({ message }) => message) };
  } catch (error) {
    if (error instanceof ApiProblem && (error.status === 403 || error.status === 404))
      return { gates: [], blockers: [] };
    throw error;
  }
}

/** One by its own request, which says why not; several by one. False: not all were. */
export async function queueTasks(
  api: ApiClient,
  terminal: Terminal,
  ids: readonly string[],
  { wait }: { readonly wait: boolean },
): Promise<boolean> {
  const [only] = ids;
  if (ids.length === 1 && only !== undefined) {
    const { body } = await api.post<Body<"queueTask">>(path(only, "/queue"));
    terminal.say(`${body.id}  queued from ${body.from_step} as job ${body.job_id}`);
    return wait ? watchTask(api, terminal, only) : true;
  }
  const { body } = await api.post<Body<"queueTasks">>("/api/v1/tasks/queue", { ids });
  for (const { id, from_step, job_id } of body.queued) terminal.say(`${id}  queued from ${from_step} as job ${job_id}`);
  for (const { id, message } of body.errors) terminal.warn(`${id}  ${message}`);
  let isGood = body.errors.length === 0;
  if (wait) for (const { id } of body.queued) isGood = (await watchTask(api, terminal, id)) && isGood;
  return isGood;
}

export async function retryTask(
  api: ApiClient,
  terminal: Terminal,
  id: string,
  { step, wait }: { readonly step?: string; readonly wait: boolean },
): Promise<boolean> {
  const followed = await followFromNow(api, id);
  const { body } = await api.post<Body<"retryTask">>(path(id, "/retry"), step === undefined ? {} : { step });
  terminal.say(`${body.id}  queued from ${body.from_step} as job ${body.job_id}`);
  return wait ? watchTask(api, terminal, id, followed) : true;
}

/** `unqueue` or `cancel`. */
export async function stopTask(
  api: ApiClient,
  { say }: Terminal,
  id: string,
  { how, reason }: { readonly how: "unqueue" | "cancel"; readonly reason?: string },
): Promise<void> {
  const { body } = await api.post<Body<"cancelTask">>(path(id, `/${how}`), reason === undefined ? {} : { reason });
  say(`${body.id}  ${body.cancelled ? "a draft again" : "ends at its next boundary between steps"}`);
}

export interface Decision {
  readonly gate?: TaskGate;
  readonly decision: "approved" | "rejected";
  readonly comment?: string;
  readonly step?: string;
  readonly clips?: readonly number[];
  readonly units?: readonly string[];
  readonly wait: boolean;
}

/** At the gate that is named, else at the one that is open. */
export async function reviewTask(api: ApiClient, terminal: Terminal, id: string, asked: Decision): Promise<boolean> {
  const { gate: named, wait, ...said } = asked;
  const { body: task } = await api.get<Task>(path(id));
  const followed = await followFromNow(api, id);
  const gate = named ?? gateOf(task);
  if (gate === undefined)
    throw new Error(`${task.title} is ${task.status}: nobody is asked now. Name a --gate to decide early.`);
  const { body } = await api.post<Body<"reviewTask">>(path(id, `/reviews/${gate}`), said);
  const more = body.approvals_needed === undefined ? "" : `, ${body.approvals_needed} more needed`;
  terminal.say(`${id}  ${said.decision} at ${gate}: ${body.outcome}${more}`);
  return wait ? watchTask(api, terminal, id, followed) : true;
}

/** What has happened so far is not told again. */
async function followFromNow(api: ApiClient, id: string): Promise<Followed> {
  const { body } = await api.get<Body<"listTaskTransitions">>(path(id, "/transitions"));
  return { lastId: body.transitions.at(-1)?.id ?? 0 };
}

/** Until a gate or the end. False: it ended otherwise than published. */
export async function watchTask(
  api: ApiClient,
  terminal: Terminal,
  id: string,
  followed: Followed = { lastId: 0 },
): Promise<boolean> {
  const task = await followTask(api, terminal, id, { followed });
  const stand = standOf(task);
  if (stand === "asks") {
    terminal.say(`Waits for a decision at ${gateOf(task)}: millrace tasks approve ${id}`);
    return true;
  }
  if (task.status === "published") terminal.say(`Published: ${task.youtube_url ?? ""}`);
  else terminal.warn(`${task.status}${task.error_code === null ? "" : `: ${task.error_step} ${task.error_code}`}`);
  return task.status === "published";
}

export async function setTask(
  api: ApiClient,
  { say }: Terminal,
  id: string,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { body } = await api.patch<Task>(path(id), change);
  say(taskLine(body));
}

export async function deleteTask(api: ApiClient, { say }: Terminal, id: string): Promise<void> {
  await api.delete(path(id));
  say(`${id}  deleted`);
}

export async function downloadTask(
  api: ApiClient,
  { say }: Terminal,
  id: string,
  { out }: { readonly out: string },
): Promise<void> {
  const bytes = await api.download(path(id, "/video"));
  await pipeline(Readable.fromWeb(bytes as ReadableStream<Uint8Array>), createWriteStream(out));
  say(out);
}

export async function countTasks(
  api: ApiClient,
  { say }: Terminal,
  { channel, json }: { readonly channel?: string; readonly json: boolean },
): Promise<void> {
  const query = channel === undefined ? "" : `?${new URLSearchParams({ channel })}`;
  const { body } = await api.get<Body<"countTasks">>(`/api/v1/tasks/counts${query}`);
  if (json) {
    say(JSON.stringify(body, null, 2));
    return;
  }
  for (const [status, count] of Object.entries(body.by_status)) if (count > 0) say(`${status.padEnd(22)} ${count}`);
  say(`${"all".padEnd(22)} ${body.total}`);
}
