import { once } from "node:events";
import { mkdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type ApiClient, type Body, createApiClient } from "../api-client.ts";
import type { CliConfig } from "../config.ts";
import { demoConfig } from "../demo/demo-config.ts";
import { lookAtVideo } from "../demo/look-at-video.ts";
import { DEMO_CHANNEL, DEMO_TASK } from "../demo/video-story.ts";
import { type Followed, followTask } from "../tasks/follow-task.ts";
import { gateOf, standOf, type Task } from "../tasks/task-text.ts";
import type { Terminal } from "../terminal.ts";
import { bringUp, type Instance } from "../up/bring-up.ts";
import { stopInstance } from "../up/stop-instance.ts";
import { listenForStop, type StopSignals } from "../up/stop-signals.ts";
import { downloadTask, reviewTask } from "./tasks.ts";

export interface VideoDemoOptions {
  readonly out?: string;
  /** Stays up afterwards, until Ctrl-C. */
  readonly stay: boolean;
}

/** Makes a short video from an idea to the published file, approving at every gate. False: it did not get there. */
export async function demoVideo(config: CliConfig, terminal: Terminal, options: VideoDemoOptions): Promise<boolean> {
  const signals = listenForStop(terminal);
  const own = demoConfig(config);
  try {
    terminal.say("Starting Millrace …");
    const instance = await bringUp({
      config: own,
      terminal,
      workers: 1,
      logLevel: config.LOG_LEVEL ?? "warn",
      allowLoopback: false,
      signal: signals.first,
    });
    try {
      return await makeVideo(instance, terminal, { ...options, dataDir: own.dataDir, signals });
    } finally {
      await stopInstance(instance, signals);
    }
  } catch (error) {
    if (!signals.first.aborted) throw error;
    return false;
  } finally {
    signals.release();
  }
}

interface Making extends VideoDemoOptions {
  readonly dataDir: string;
  readonly signals: StopSignals;
}

async function makeVideo(instance: Instance, terminal: Terminal, making: Making): Promise<boolean> {
  const { colour, say } = terminal;
  const { first: signal } = making.signals;
  const api = createApiClient(instance);
  const startedAt = performance.now();
  await api.put(`/api/v1/video/channels/${DEMO_CHANNEL.channel_id}`, DEMO_CHANNEL);
  const { body } = await api.post<Body<"createTask">>("/api/v1/tasks", { ...DEMO_TASK, queue: true });
  say(`\n${colour.bold(body.title)}  ${colour.dim(body.id)}`);
  say(colour.dim(`Console: ${instance.dashboardUrl}/tasks/${body.id} (password ${instance.dashboardPassword})\n`));
  const task = await approveUntilEnd(api, terminal, { id: body.id, signal });
  if (task.status !== "published") {
    say(`${colour.red("✘")} ${task.status}: ${task.error_step} ${task.error_code}\n${task.error_log ?? ""}`);
    return false;
  }
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  say(`\n${colour.green("✔")} published after ${seconds} s, cost $ ${task.total_cost_usd.toFixed(2)}`);
  await showVideo(api, terminal, { task, instance, making });
  if (making.stay && !signal.aborted) {
    say("\nStaying up for you to look around; Ctrl-C stops it.");
    await once(signal, "abort");
  }
  return true;
}

/** Follows the task, looks at what was made at each gate, and says yes. */
async function approveUntilEnd(
  api: ApiClient,
  terminal: Terminal,
  { id, signal }: { readonly id: string; readonly signal: AbortSignal },
): Promise<Task> {
  const followed: Followed = { lastId: 0 };
  for (;;) {
    const task = await followTask(api, terminal, id, { followed, signal });
    const gate = gateOf(task);
    if (standOf(task) !== "asks" || gate === undefined) return task;
    const { body } = await api.get<Body<"listTaskUnits">>(`/api/v1/tasks/${id}/units`);
    const step = gate === "final" ? "assembly" : gate;
    const made = body.units.filter((unit) => unit.step === step).map(({ unit }) => unit);
    terminal.say(terminal.colour.yellow(`  ? ${gate}: ${made.join(", ")}`));
    await reviewTask(api, terminal, id, { gate, decision: "approved", comment: "looks good", wait: false });
  }
}

async function showVideo(
  api: ApiClient,
  terminal: Terminal,
  { task, instance, making }: { readonly task: Task; readonly instance: Instance; readonly making: Making },
): Promise<void> {
  const out = resolve(making.out ?? join(making.dataDir, "millrace-demo-video.mp4"));
  await mkdir(join(out, ".."), { recursive: true });
  await downloadTask(api, { ...terminal, say: () => {} }, task.id, { out });
  const picture = `${out.replace(/\.mp4$/, "")}.png`;
  const facts = await lookAtVideo(out, picture);
  const { size } = await stat(out);
  terminal.say(`  video    ${out}`);
  terminal.say(`           ${facts}, ${(size / 1_000_000).toFixed(1)} MB`);
  terminal.say(`  picture  ${picture}`);
  terminal.say(`  library  ${instance.apiUrl}${task.youtube_url ?? ""} (while Millrace is up)`);
}
