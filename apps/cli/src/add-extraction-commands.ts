import { type Command, InvalidArgumentError, Option } from "commander";
import type { OperatorNeeds } from "./add-operator-commands.ts";
import { type ApiClient, createApiClient, findApi } from "./api-client.ts";
import { extractFiles } from "./commands/extract.ts";
import { cleanUpExtractions, cleanUpOrphans, listStuck, showStats } from "./commands/extraction-upkeep.ts";
import {
  cancelExtraction,
  listExtractions,
  retryExtraction,
  showBulk,
  showExtraction,
} from "./commands/extractions.ts";

const FORMATS = ["pdf", "dxf", "ifc", "step", "werk24"];
const STATUSES = ["pending", "processing", "completed", "failed", "cancelled"];

function between(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`a number from ${min} to ${max}`);
  };
}

/** `extract` and `extractions`: files through the API, upkeep directly in the database. */
export function addExtractionCommands(program: Command, needs: OperatorNeeds): void {
  const api = async (): Promise<ApiClient> => createApiClient(await findApi(needs.config));
  program
    .command("extract <file...>")
    .description("extract files and wait for the results; exit code 1 when one fails")
    .addOption(new Option("--format <format>", "instead of what the names stand for").choices(FORMATS))
    .option("--options <json>", "the format's options, such as '{\"extract_tables\":false}'")
    .option("--out <folder>", "write each result there as JSON")
    .option("--force", "also what was extracted within 24 hours", false)
    .action(async (files: string[], options: { format?: string; options?: string; out?: string; force: boolean }) => {
      if (!(await extractFiles(await api(), needs.terminal, { files, ...options }))) needs.setExitCode(1);
    });
  const extractions = program.command("extractions").description("look at extractions and keep them in order");
  addApiCommands(extractions, needs, api);
  addUpkeepCommands(extractions, needs);
}

function addApiCommands(extractions: Command, { terminal }: OperatorNeeds, api: () => Promise<ApiClient>): void {
  extractions
    .command("list")
    .description("the newest")
    .addOption(new Option("--status <status>", "only these").choices(STATUSES))
    .addOption(new Option("--format <format>", "only these").choices(FORMATS))
    .option("--bulk <bulk-id>", "only files of this batch")
    .option("--retryable", "only those that may be tried again", false)
    .option("--limit <count>", "how many", between(1, 100), 50)
    .action(async (options) => listExtractions(await api(), terminal, options));
  extractions
    .command("show <id>")
    .description("everything about one, every try included")
    .action(async (id: string) => showExtraction(await api(), terminal, id));
  extractions
    .command("retry <id>")
    .description("try a failed one again")
    .action(async (id: string) => retryExtraction(await api(), terminal, id));
  extractions
    .command("cancel <id>")
    .description("cancel one")
    .option("--reason <text>", "kept with its job")
    .action(async (id: string, { reason }: { reason?: string }) => cancelExtraction(await api(), terminal, id, reason));
  extractions
    .command("bulk <bulk-id>")
    .description("how a batch stands, and what failed of it")
    .action(async (id: string) => showBulk(await api(), terminal, id));
}

function addUpkeepCommands(extractions: Command, { config, terminal }: OperatorNeeds): void {
  const upkeep = (name: string, description: string): Command =>
    extractions.command(name).description(description).option("--json", "for programs", false);
  upkeep("cleanup", "delete completed and cancelled ones after 30 days, failed ones after 90, with their files")
    .option("--dry-run", "only count", false)
    .option("--older-than-days <days>", "instead of those", between(1, 365))
    .addOption(new Option("--status <status>", "only these").choices(["completed", "failed", "cancelled"]))
    .action((options) => cleanUpExtractions(config, terminal, options));
  upkeep("stats", "how many there are, how long they take, how often they are tried again").action((options) =>
    showStats(config, terminal, options),
  );
  upkeep("stuck", "those that do not move")
    .option("--minutes <minutes>", "for so long", between(5, 1_440), 30)
    .action((options) => listStuck(config, terminal, options));
  upkeep("orphans", "end those that nothing works on any more")
    .option("--dry-run", "only count", false)
    .action((options) => cleanUpOrphans(config, terminal, options));
}
