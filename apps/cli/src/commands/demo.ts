import { resolve } from "node:path";
import { type ApiAddress, type ApiClient, ApiProblem, type Body, createApiClient, findApi } from "../api-client.ts";
import type { CliConfig } from "../config.ts";
import { type DemoItem, demoItems, type Submitted } from "../demo/demo-items.ts";
import { serveDemoPage } from "../demo/demo-page.ts";
import { followJob } from "../demo/follow-job.ts";
import { resultText } from "../demo/result-text.ts";
import type { Terminal } from "../terminal.ts";
import { bringUp } from "../up/bring-up.ts";
import { findRunning } from "../up/instance-file.ts";
import { stopInstance } from "../up/stop-instance.ts";
import { listenForStop, type StopSignals } from "../up/stop-signals.ts";

export interface DemoOptions {
  readonly files: readonly string[];
  readonly urls: readonly string[];
}

interface Place extends ApiAddress {
  stop(): Promise<void>;
}

/** The instance that is up already, or one of our own for as long as the demo takes. */
async function findPlace(config: CliConfig, terminal: Terminal, signals: StopSignals): Promise<Place> {
  if (config.MILLRACE_API_URL !== undefined || (await findRunning(config.dataDir)) !== undefined) {
    const address = await findApi(config);
    terminal.say(`Using the Millrace that is up at ${address.apiUrl}`);
    return { ...address, stop: async () => {} };
  }
  terminal.say("Starting Millrace …");
  const instance = await bringUp({
    config,
    terminal,
    workers: 1,
    logLevel: config.LOG_LEVEL ?? "warn",
    allowLoopback: config.ALLOW_LOOPBACK ?? true,
    signal: signals.first,
  });
  return { ...instance, stop: () => stopInstance(instance, signals) };
}

/** An item that an instance refuses (loopback switched off, say) does not end the demo. */
async function submit(item: DemoItem, api: ApiClient): Promise<Submitted | ApiProblem> {
  return item.submit(api).catch((error: unknown) => {
    if (error instanceof ApiProblem) return error;
    throw error;
  });
}

type Ending = "completed" | "skipped" | "failed";

/** The guard against private addresses did its work: nothing is wrong with the instance. */
function refusal(item: DemoItem, code: string | null, { colour, say }: Terminal): Ending | undefined {
  if (item.isLocal !== true || code !== "URL_REFUSED") return undefined;
  say(`  ${colour.yellow("skipped: this Millrace does not fetch from loopback; start it with ALLOW_LOOPBACK=true")}`);
  return "skipped";
}

async function showItem(
  item: DemoItem,
  answer: Submitted | ApiProblem,
  { api, terminal, signal }: { api: ApiClient; terminal: Terminal; signal: AbortSignal },
): Promise<Ending> {
  const { colour, say } = terminal;
  if (answer instanceof ApiProblem) {
    say(`\n${colour.bold(item.title)}`);
    const ending = refusal(item, answer.code, terminal);
    if (ending === undefined) say(`  ${colour.red("✘")} refused: ${answer.message}`);
    return ending ?? "failed";
  }
  say(`\n${colour.bold(item.title)}  ${colour.dim(`job ${answer.job_id ?? "-"} (${answer.status})`)}`);
  if (answer.job_id !== null) {
    const job = await followJob(api, terminal, answer.job_id, signal);
    if (job.status !== "completed") {
      const ending = refusal(item, job.error_code, terminal);
      if (ending !== undefined) return ending;
      say(
        `  ${colour.red("✘")} ${job.status} at ${job.error_stage ?? job.stage}: ${job.error_code} ${job.error_message ?? ""}`,
      );
      return "failed";
    }
  }
  const { body } = await api.get<Body<"readContent">>(`/api/v1/content/${answer.content_id}`);
  say(resultText(body, colour));
  return "completed";
}

async function showItems(
  place: Place,
  config: CliConfig,
  terminal: Terminal,
  options: DemoOptions,
  signal: AbortSignal,
) {
  const api = createApiClient(place);
  const page = await serveDemoPage();
  try {
    const items = demoItems({
      root: config.root,
      files: options.files.map((file) => resolve(file)),
      urls: options.urls,
      localPageUrl: page.url,
    });
    const startedAt = performance.now();
    const answers = await Promise.all(items.map((item) => submit(item, api)));
    const endings: Ending[] = [];
    for (const [index, item] of items.entries()) {
      const answer = answers[index];
      if (answer !== undefined) endings.push(await showItem(item, answer, { api, terminal, signal }));
    }
    const count = (ending: Ending): number => endings.filter((one) => one === ending).length;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const skipped = count("skipped") > 0 ? `, ${count("skipped")} skipped` : "";
    terminal.say(`\n${count("completed")} of ${items.length} completed${skipped} in ${seconds} s.`);
    return count("failed") === 0;
  } finally {
    page.close();
  }
}

/** Puts one document of each kind through the whole system and prints what comes out. False: not all completed. */
export async function demo(config: CliConfig, terminal: Terminal, options: DemoOptions): Promise<boolean> {
  const signals = listenForStop(terminal);
  try {
    const place = await findPlace(config, terminal, signals);
    try {
      return await showItems(place, config, terminal, options, signals.first);
    } finally {
      await place.stop();
    }
  } catch (error) {
    if (!signals.first.aborted) throw error;
    return false;
  } finally {
    signals.release();
  }
}
