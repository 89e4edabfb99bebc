import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type ApiClient, createApiClient, findApi } from "./api-client.ts";
import {
  countTasks,
  createTask,
  type Decision,
  deleteTask,
  downloadTask,
  type ListOptions,
  listTasks,
  queueTasks,
  retryTask,
  reviewTask,
  setTask,
  showTask,
  stopTask,
  watchTask,
} from "./commands/tasks.ts";
import type { CliConfig } from "./config.ts";
import type { TaskGate } from "./tasks/task-text.ts";
import type { Terminal } from "./terminal.ts";

const LISTED = 50;
const PRIORITIES = ["high", "normal", "low"];
const GATES = ["assets", "video", "audio", "final"];
const STEPS = ["assets", "composites", "video", "audio", "sfx", "assembly", "upload"];

export interface TaskCommandNeeds {
  readonly config: CliConfig;
  readonly terminal: Terminal;
  setExitCode(code: number): void;
}

interface CreateOptions {
  readonly channel: string;
  readonly title: string;
  readonly topic: string;
  readonly story?: string;
  readonly storyFile?: string;
  readonly narrationFile?: string;
  readonly soundsFile?: string;
  readonly priority?: string;
  readonly privacy?: string;
  readonly notionPage?: string;
  readonly queue: boolean;
  readonly wait: boolean;
  readonly json: boolean;
}

/** `millrace tasks …`: videos, from an idea to the published file; through the API. */
export function addTaskCommands(program: Command, needs: TaskCommandNeeds): void {
  const { config, terminal } = needs;
  const tasks = program.command("tasks").description("videos: plan, queue, review, follow and fetch them");
  addPlanning(tasks, needs);
  addRunning(tasks, needs);
  addReviewing(tasks, needs);
  tasks
    .command("list", { isDefault: true })
    .description("the newest tasks")
    .option("--status <status>", "only this one, repeatable", collected, [])
    .option("--channel <id>", "only of this channel, by short id or uuid")
    .addOption(priority())
    .option("--limit <count>", "how many", countOf, LISTED)
    .option("--json", "for programs", false)
    .action(async (options: ListOptions) => listTasks(await apiOf(config), terminal, options));
  tasks
    .command("show <task-id>")
    .description("steps, gates, errors, cost, and why it is not running")
    .option("--json", "for programs", false)
    .action(async (id: string, options: { json: boolean }) => showTask(await apiOf(config), terminal, id, options));
  tasks
    .command("counts")
    .description("how many there are of each status")
    .option("--channel <id>", "only of this channel")
    .option("--json", "for programs", false)
    .action(async (options: { channel?: string; json: boolean }) => countTasks(await apiOf(config), terminal, options));
  tasks
    .command("download <task-id>")
    .description("the finished video as a file")
    .option("--out <file>", "where to", "video.mp4")
    .action(async (id: string, options: { out: string }) => downloadTask(await apiOf(config), terminal, id, options));
}

const apiOf = async (config: CliConfig): Promise<ApiClient> => createApiClient(await findApi(config));

function addPlanning(tasks: Command, { config, terminal, setExitCode }: TaskCommandNeeds): void {
  tasks
    .command("create")
    .description("plan a video")
    .requiredOption("--channel <id>", "short id or uuid of its channel")
    .requiredOption("--title <text>", "at most 255 characters")
    .requiredOption("--topic <text>", "at most 500 characters")
    .option("--story <text>", "how it is to be told")
    .option("--story-file <file>", "the same from a file")
    .option("--narration-file <file>", "what is said, a line for each clip")
    .option("--sounds-file <file>", "what is heard, a line for each clip")
    .addOption(priority())
    .addOption(new Option("--privacy <word>", "the channel's unless said").choices(["private", "unlisted", "public"]))
    .option("--notion-page <id>", "the page it stands for")
    .option("--queue", "queue it at once", false)
    .option("--wait", "follow it until a gate or its end (with --queue)", false)
    .option("--json", "for programs", false)
    .action(async (options: CreateOptions) => {
      const { wait, json, queue } = options;
      const made = { task: await taskOf(options), wait: wait && queue, json };
      if (!(await createTask(await apiOf(config), terminal, made))) setExitCode(1);
    });
  tasks
    .command("set <task-id>")
    .description("change a task; texts only of a draft or one in error")
    .option("--title <text>")
    .option("--topic <text>")
    .option("--story <text>")
    .addOption(priority())
    .action(async (id: string, { title, topic, story, priority }: Partial<CreateOptions>) => {
      const change = { title, topic, story_direction: story, priority };
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      if (Object.keys(given).length === 0)
        throw new Error("Nothing to set: give --title, --topic, --story or --priority.");
      await setTask(await apiOf(config), terminal, id, given);
    });
  tasks
    .command("delete <task-id>")
    .description("delete a draft that was never queued")
    .action(async (id: string) => deleteTask(await apiOf(config), terminal, id));
}

async function taskOf(options: CreateOptions): Promise<Readonly<Record<string, unknown>>> {
  const { story, storyFile, narrationFile, soundsFile } = options;
  const direction = story ?? (storyFile === undefined ? undefined : await readFile(storyFile, "utf8"));
  const task = {
    channel_id: options.channel,
    title: options.title,
    topic: options.topic,
    story_direction: direction,
    narration_scripts: narrationFile === undefined ? undefined : await linesOf(narrationFile),
    sfx_descriptions: soundsFile === undefined ? undefined : await linesOf(soundsFile),
    priority: options.priority,
    privacy: options.privacy,
    notion_page_id: options.notionPage,
    queue: options.queue,
  };
  return Object.fromEntries(Object.entries(task).filter(([, value]) => value !== undefined));
}

async function linesOf(file: string): Promise<readonly string[]> {
  const lines = (await readFile(file, "utf8")).split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "");
}

function addRunning(tasks: Command, { config, terminal, setExitCode }: TaskCommandNeeds): void {
  const isGood = (good: boolean): void => {
    if (!good) setExitCode(1);
  };
  tasks
    .command("queue <task-id...>")
    .description("queue tasks; at most 100")
    .option("--wait", "follow them until a gate or their end", false)
    .action(async (ids: string[], options: { wait: boolean }) =>
      isGood(await queueTasks(await apiOf(config), terminal, ids, options)),
    );
  tasks
    .command("retry <task-id>")
    .description("try a task in error again, from the step that is due")
    .addOption(new Option("--step <step>", "from an earlier one").choices(STEPS))
    .option("--wait", "follow it until a gate or its end", false)
    .action(async (id: string, options: { step?: string; wait: boolean }) =>
      isGood(await retryTask(await apiOf(config), terminal, id, options)),
    );
  for (const [how, what] of [
    ["unqueue", "back to draft, while nobody works on it"],
    ["cancel", "back to draft from wherever it is; a running step ends first"],
  ] as const) {
    tasks
      .command(`${how} <task-id>`)
      .description(what)
      .option("--reason <text>", "kept with the task")
      .action(async (id: string, options: { reason?: string }) =>
        stopTask(await apiOf(config), terminal, id, { how, ...options }),
      );
  }
  tasks
    .command("watch <task-id>")
    .description("follow a task until a gate or its end; exit code 1 when it ends unpublished")
    .action(async (id: string) => isGood(await watchTask(await apiOf(config), terminal, id)));
}

function addReviewing(tasks: Command, { config, terminal, setExitCode }: TaskCommandNeeds): void {
  const gate = (): Option => new Option("--gate <name>", "the one that is open unless named").choices(GATES);
  const decide = async (id: string, said: Decision): Promise<void> => {
    if (!(await reviewTask(await apiOf(config), terminal, id, said))) setExitCode(1);
  };
  tasks
    .command("approve <task-id>")
    .description("approve what was made; the task goes on")
    .addOption(gate())
    .option("--comment <text>", "kept with the decision")
    .option("--wait", "follow it until the next gate or its end", false)
    .action((id: string, { gate, comment, wait }: { gate?: TaskGate; comment?: string; wait: boolean }) =>
      decide(id, { decision: "approved", wait, ...(gate && { gate }), ...(comment && { comment }) }),
    );
  tasks
    .command("reject <task-id>")
    .description("send it back; retry makes again what was named")
    .requiredOption("--reason <text>", "what is wrong with it")
    .addOption(gate())
    .addOption(new Option("--step <step>", "what to make again; needed at the last gate").choices(STEPS))
    .option("--clips <numbers>", "only these, such as 2,5", clipsOf)
    .option("--units <names>", "only these, such as characters/01,props/02", (text) => text.split(","))
    .action((id: string, { reason, ...said }: Omit<Decision, "decision" | "wait"> & { reason: string }) =>
      decide(id, { decision: "rejected", wait: false, comment: reason, ...said }),
    );
}

const priority = (): Option => new Option("--priority <word>", "high, normal or low").choices(PRIORITIES);
const collected = (value: string, before: readonly string[]): readonly string[] => [...before, value];

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 100) throw new InvalidArgumentError("a number from 1 to 100");
  return count;
}

function clipsOf(text: string): readonly number[] {
  const clips = text.split(",").map(Number);
  if (clips.some((clip) => !Number.isInteger(clip) || clip < 1)) {
    throw new InvalidArgumentError("Expected numbers of clips, such as 2,5.");
  }
  return clips;
}
