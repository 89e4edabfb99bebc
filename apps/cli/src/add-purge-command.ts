import { type Command, InvalidArgumentError } from "commander";
import { purgeContent } from "./commands/content-purge.ts";
import type { CliConfig } from "./config.ts";
import type { Terminal } from "./terminal.ts";

function batchOf(text: string): number {
  const batch = Number(text);
  if (!Number.isInteger(batch) || batch < 1 || batch > 10_000) {
    throw new InvalidArgumentError("a number from 1 to 10000");
  }
  return batch;
}

/** `content purge`, beside whatever other commands `content` has. */
export function addPurgeCommand(program: Command, config: CliConfig, terminal: Terminal): void {
  const content = program.commands.find((command) => command.name() === "content") ?? program.command("content");
  if (content.description() === "") content.description("work on contents");
  content
    .command("purge")
    .description("make full jobs compact 60 days after their end and delete jobs after 180; contents stay")
    .option("--dry-run", "only count", false)
    .option("--batch <count>", "jobs in one statement", batchOf, 500)
    .option("--json", "for programs", false)
    .action((wish: { dryRun: boolean; batch: number; json: boolean }) => purgeContent(config, terminal, wish));
}
