import type { Body } from "../api-client.ts";
import type { Colour } from "../colour.ts";

export type Task = Body<"readTask">;
export type TaskErrors = Body<"listTaskErrors">["errors"];
export type Gates = Body<"listJobReviews">["gates"];
type Step = Task["steps"][number];

const GATES_OF = { assets_ready: "assets", video_ready: "video", audio_ready: "audio", final_review: "final" } as const;
export type TaskGate = (typeof GATES_OF)[keyof typeof GATES_OF];

/** The gate at which people decide now. */
export function gateOf(task: Pick<Task, "status" | "job">): TaskGate | undefined {
  const { job } = task;
  if (job?.waiting_for !== "review") return undefined;
  const named = Object.values(GATES_OF).find((gate) => gate === job.gate);
  return named ?? GATES_OF[task.status as keyof typeof GATES_OF];
}

/** `over`: nothing more comes by itself. `asks`: people decide now. */
export function standOf(task: Pick<Task, "status" | "job">): "over" | "asks" | "under_way" {
  if (task.status === "published" || task.status === "draft" || task.status.endsWith("_error")) return "over";
  return gateOf(task) === undefined ? "under_way" : "asks";
}

/** One line: id, status, channel, title, and what keeps it. */
export function taskLine(task: Task): string {
  const why = keptBy(task);
  const parts = [task.id, task.status.padEnd(21), task.priority.padEnd(6), task.channel.padEnd(12), task.title];
  return [...parts, ...(why === undefined ? [] : [`(${why})`])].join("  ");
}

/** What keeps it: a gate, a next try, a quota, an error. */
export function keptBy(task: Task): string | undefined {
  const { job } = task;
  if (task.status.endsWith("_error")) return `${task.error_step ?? "?"}: ${task.error_code ?? "no code"}`;
  if (task.status === "draft") return task.cancel_reason === null ? undefined : `cancelled: ${task.cancel_reason}`;
  if (job === null || task.status === "published") return undefined;
  if (job.cancel_requested_at !== null) return "a cancel was asked for";
  const due = job.next_retry_at === null ? "" : ` at ${job.next_retry_at}`;
  if (job.waiting_for === "review") return `waits for a decision at ${job.gate ?? "its gate"}`;
  if (job.waiting_for === "retry") return `${job.stage} again${due}, retry ${job.retry_attempt}`;
  if (job.waiting_for === "quota") return `${job.stage} waits for quota${due}`;
  return undefined;
}

function stepLine(step: Step, { status, error_step }: Task, colour: Colour): string {
  const { made, wanted } = step;
  const isHere = status.endsWith("_error") ? error_step === step.step : false;
  const mark = step.completed ? colour.green("✔") : isHere ? colour.red("✘") : " ";
  const count = made === null || wanted === null ? "" : `${made} of ${wanted}`;
  const took = step.duration_seconds === null ? "" : `${step.duration_seconds.toFixed(1)} s`;
  const note = [step.approved && "approved", step.error_message].filter(Boolean).join("; ");
  return `  ${mark} ${step.step.padEnd(11)} ${count.padStart(9)} ${took.padStart(10)}  ${note}`.trimEnd();
}

/** Everything a person asks about a task. */
export function taskText(
  task: Task,
  more: {
    readonly errors: TaskErrors;
    readonly gates: Gates;
    readonly blockers: readonly string[];
    readonly colour: Colour;
  },
): readonly string[] {
  const { colour, errors, gates, blockers } = more;
  const kept = keptBy(task);
  const facts: readonly (readonly [string, string | null])[] = [
    ["status", `${task.status} since ${task.status_since}`],
    ["kept by", kept ?? null],
    ["channel", `${task.channel_name} (${task.channel}), priority ${task.priority}`],
    ["job", task.job && `${task.job.id}, run ${task.run_no}`],
    ["published", task.youtube_url],
    ["video", task.final_video_duration === null ? null : `${task.final_video_duration.toFixed(1)} s`],
    ["cost", `$ ${task.total_cost_usd.toFixed(4)}`],
  ];
  return [
    `${colour.bold(task.title)}  ${colour.dim(task.id)}`,
    ...facts.flatMap(([name, value]) => (value === null ? [] : [`  ${colour.dim(name.padEnd(9))} ${value}`])),
    "steps",
    ...task.steps.map((step) => stepLine(step, task, colour)),
    ...section("gates", gates.flatMap(gateLines)),
    ...section("not running because", blockers),
    ...section(
      "errors",
      errors.map(
        (e) =>
          `${e.at}  ${e.step ?? "-"}  ${e.code}  ${e.message}${e.next_retry_at ? `  (again at ${e.next_retry_at})` : ""}`,
      ),
    ),
  ];
}

const section = (name: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [name, ...lines.map((line) => `  ${line}`)];

function gateLines({ gate, state, policy, approvals, reviews }: Gates[number]): readonly string[] {
  const count = policy === null || policy.approvals === 1 ? "" : `  ${approvals} of ${policy.approvals}`;
  return [
    `${gate.padEnd(8)} ${state}${count}`,
    ...reviews.map((r) => `  ${r.at}  ${r.decision} by ${r.decided_by}${r.comment === null ? "" : `: ${r.comment}`}`),
  ];
}
