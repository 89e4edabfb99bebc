import { type Command, Option } from "commander";
import { type ApiClient, createApiClient, findApi } from "./api-client.ts";
import { showCosts } from "./commands/costs.ts";
import { deleteChannel, putChannel, showChannel } from "./commands/video-channels.ts";
import type { CliConfig } from "./config.ts";
import type { Terminal } from "./terminal.ts";

interface Needs {
  readonly config: CliConfig;
  readonly terminal: Terminal;
}

const apiOf = async (config: CliConfig): Promise<ApiClient> => createApiClient(await findApi(config));

/** The parts of `channels` that are about videos; through the API. */
export function addVideoChannelCommands(channels: Command, { config, terminal }: Needs): void {
  channels
    .command("put <file>")
    .description("make a channel of videos from its YAML file, or change all of it")
    .action(async (file: string) => putChannel(await apiOf(config), terminal, file));
  channels
    .command("show <channel>")
    .description("a channel of videos: settings, room, credentials it has; by short id or uuid")
    .option("--json", "for programs", false)
    .action(async (id: string, options: { json: boolean }) => showChannel(await apiOf(config), terminal, id, options));
  channels
    .command("delete <channel>")
    .description("delete a channel of videos that has no tasks")
    .action(async (id: string) => deleteChannel(await apiOf(config), terminal, id));
}

/** `millrace costs`. */
export function addCostCommand(program: Command, { config, terminal }: Needs): void {
  program
    .command("costs")
    .description("what the making of videos cost, by channel and component")
    .option("--from <day>", "such as 2026-01-31; 30 days before --to unless said")
    .option("--to <day>", "not included; now unless said")
    .addOption(new Option("--by <period>", "a line for each").choices(["day", "week", "month", "all"]).default("all"))
    .option("--channel <id>", "only this one")
    .option("--json", "for programs", false)
    .action(async (asked) => showCosts(await apiOf(config), terminal, asked));
}
