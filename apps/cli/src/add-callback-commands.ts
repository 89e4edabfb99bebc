import { type Command, InvalidArgumentError } from "commander";
import { type ApiClient, createApiClient, findApi } from "./api-client.ts";
import {
  addCallbackEndpoint,
  deleteCallbackEndpoint,
  enableCallbackEndpoint,
  listCallbackEndpoints,
  listDeliveries,
  redeliver,
  redeliverExhausted,
  rotateCallbackSecret,
  showJobDeliveries,
  testCallbackEndpoint,
} from "./commands/callbacks.ts";
import type { CliConfig } from "./config.ts";
import { parseDuration, parseSince } from "./parse-time.ts";
import type { Terminal } from "./terminal.ts";

const DAY_MS = 86_400_000;
const LISTED = 50;

/** `millrace callbacks …`: who is told when jobs end, and what became of the telling; through the API. */
export function addCallbackCommands(program: Command, config: CliConfig, terminal: Terminal): void {
  const api = async (): Promise<ApiClient> => createApiClient(await findApi(config));
  const callbacks = program.command("callbacks").description("who is told when jobs end, and what became of it");
  addEndpointCommands(callbacks, api, terminal);
  addDeliveryCommands(callbacks, api, terminal);
}

function addEndpointCommands(callbacks: Command, api: () => Promise<ApiClient>, terminal: Terminal): void {
  callbacks
    .command("list")
    .description("the endpoints")
    .action(async () => listCallbackEndpoints(await api(), terminal));
  callbacks
    .command("add <url>")
    .description("make an endpoint and print its secret once")
    .option("--description <text>", "for people", "")
    .option("--full", "send whole results, not summaries", false)
    .option("--job-urls", "let jobs name a callback_url of their own", false)
    .action(async (url: string, options: { description: string; full: boolean; jobUrls: boolean }) =>
      addCallbackEndpoint(await api(), terminal, { url, ...options }),
    );
  for (const [name, isEnabled, text] of [
    ["enable", true, "send to it again, first of all what waits for it"],
    ["disable", false, "send nothing more to it; what is pending waits"],
  ] as const) {
    callbacks
      .command(`${name} <endpoint-id>`)
      .description(text)
      .action(async (id: string) => enableCallbackEndpoint(await api(), terminal, { id, isEnabled }));
  }
  callbacks
    .command("delete <endpoint-id>")
    .description("remove it; what waits for it is exhausted")
    .action(async (id: string) => deleteCallbackEndpoint(await api(), terminal, id));
  callbacks
    .command("rotate <endpoint-id>")
    .description("change the secret and print the new one once")
    .option(
      "--overlap <time>",
      "how long the old one signs too, such as 2h; 0s ends it now",
      asArgument(parseDuration),
      DAY_MS,
    )
    .action(async (id: string, { overlap }: { overlap: number }) =>
      rotateCallbackSecret(await api(), terminal, { id, overlapMs: overlap }),
    );
  callbacks
    .command("test <endpoint-id>")
    .description("post a test message now; exit code 1 when it is not taken")
    .action(async (id: string) => {
      if (!(await testCallbackEndpoint(await api(), terminal, id))) process.exitCode = 1;
    });
}

function addDeliveryCommands(callbacks: Command, api: () => Promise<ApiClient>, terminal: Terminal): void {
  callbacks
    .command("deliveries [job-id]")
    .description("a job's deliveries with every attempt, or the newest of all jobs")
    .option("--status <status>", "pending, delivered or exhausted")
    .action(async (jobId: string | undefined, options: { status?: string }) =>
      jobId === undefined
        ? listDeliveries(await api(), terminal, { ...options, limit: LISTED })
        : showJobDeliveries(await api(), terminal, jobId),
    );
  callbacks
    .command("redeliver [delivery-id]")
    .description("send one again, or every exhausted one")
    .option("--exhausted", "every exhausted one made since --since", false)
    .option(
      "--since <time>",
      "such as 2h ago, or an instant",
      asArgument((text) => parseSince(text, new Date())),
    )
    .action(async (id: string | undefined, { exhausted, since }: { exhausted: boolean; since?: Date }) => {
      if (exhausted && since !== undefined && id === undefined) return redeliverExhausted(await api(), terminal, since);
      if (id !== undefined && !exhausted) return redeliver(await api(), terminal, id);
      throw new Error("Give a delivery's id, or --exhausted with --since.");
    });
}

function asArgument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(`Expected ${(error as Error).message}.`);
    }
  };
}
