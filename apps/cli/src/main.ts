import { Argument, Command, InvalidArgumentError } from "commander";
import { addCallbackCommands } from "./add-callback-commands.ts";
import { addContentCommands } from "./add-content-commands.ts";
import { addExtractionCommands } from "./add-extraction-commands.ts";
import { addOperatorCommands } from "./add-operator-commands.ts";
import { addOutsideCommands } from "./add-outside-commands.ts";
import { addPurgeCommand } from "./add-purge-command.ts";
import { addReviewCommands, asRoles } from "./add-review-commands.ts";
import { addTaskCommands } from "./add-task-commands.ts";
import { addCostCommand } from "./add-video-channel-commands.ts";
import { type ApiClient, createApiClient, findApi } from "./api-client.ts";
import { demo } from "./commands/demo.ts";
import { demoVideo, type VideoDemoOptions } from "./commands/demo-video.ts";
import { cancelJob, changePriority, listJobs, showJob } from "./commands/jobs.ts";
import { createKey, listKeys, revokeKey } from "./commands/keys.ts";
import { migrateDatabase, revertExtractionTables, revertStatusCutover, revertVideoTables } from "./commands/migrate.ts";
import { up } from "./commands/up.ts";
import { type CliConfig, readConfig } from "./config.ts";
import { createTerminal, type Terminal } from "./terminal.ts";

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 1_000) throw new InvalidArgumentError("a number from 1 to 1000");
  return count;
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

function addJobCommands(program: Command, config: CliConfig, terminal: Terminal): void {
  const api = async (): Promise<ApiClient> => createApiClient(await findApi(config));
  const jobs = program.command("jobs").description("look at jobs and cancel them, through the API");
  jobs
    .command("list")
    .description("the newest jobs")
    .option("--status <status>", "pending, processing, completed, failed or cancelled")
    .option("--limit <count>", "how many", countOf, 50)
    .action(async (options) => listJobs(await api(), terminal, options));
  jobs
    .command("show <job-id>")
    .description("everything about one job")
    .action(async (id: string) => showJob(await api(), terminal, id));
  jobs
    .command("cancel <job-id>")
    .description("cancel a job")
    .option("--reason <text>", "kept with the job")
    .action(async (id: string, { reason }: { reason?: string }) => cancelJob(await api(), terminal, id, reason));
  jobs
    .command("priority")
    .description("change whose turn a waiting job takes")
    .argument("<job-id>")
    .addArgument(new Argument("<priority>").choices(["high", "normal", "low"]))
    .action(async (id: string, priority: string) => changePriority(await api(), terminal, id, priority));
}

function addKeyCommands(program: Command, config: CliConfig, terminal: Terminal): void {
  const keys = program.command("keys").description("API keys, directly in the database");
  keys
    .command("create <name>")
    .description("make a key and print it once")
    .option("--owner <name>", "whose jobs it sees; made when new", "local")
    .option("--admin", "sees every owner's jobs", false)
    .option("--role <role>", "what its holder is at gates, repeatable", asRoles, [])
    .action((name: string, { role, ...options }: { owner: string; admin: boolean; role: string[] }) =>
      createKey(config, terminal, { name, ...options, roles: role }),
    );
  keys
    .command("list")
    .description("the keys, without their secrets")
    .option("--owner <name>", "only this owner's")
    .action(({ owner }: { owner?: string }) => listKeys(config, terminal, owner));
  keys
    .command("revoke <key-id>")
    .description("stop a key from working")
    .action((id: string) => revokeKey(config, terminal, id));
}

function createProgram(config: CliConfig, terminal: Terminal): Command {
  const program = new Command("millrace").description("A durable queue worker system").showHelpAfterError();
  program
    .command("up")
    .description("start everything on this machine, until Ctrl-C")
    .option("--workers <count>", "worker processes", countOf, 1)
    .action((options) => up(config, terminal, options));
  program
    .command("demo")
    .description("put one document of each kind through the whole system and print what comes out")
    .option("--file <path>", "also this markdown, text or PDF file (repeatable)", collect, [])
    .option("--url <url>", "also this web page (repeatable)", collect, [])
    .action(async ({ file, url }: { file: readonly string[]; url: readonly string[] }) => {
      if (!(await demo(config, terminal, { files: file, urls: url }))) process.exitCode = 1;
    });
  program
    .command("demo-video")
    .description("make a short video from an idea to the published file, in a Millrace of its own")
    .option("--out <file>", "where the video goes; a picture of it lies beside")
    .option("--stay", "stay up afterwards, until Ctrl-C", false)
    .action(async (options: VideoDemoOptions) => {
      if (!(await demoVideo(config, terminal, options))) process.exitCode = 1;
    });
  program
    .command("migrate")
    .description("bring the database to the newest schema")
    .option("--revert-status-cutover", "instead, give contents its two old status pairs back", false)
    .option("--revert-extraction", "instead, remove the tables of extraction and what stands in them", false)
    .option("--revert-video", "instead, remove the tables of video production and what stands in them", false)
    .action(({ revertStatusCutover: isCutover, revertExtraction, revertVideo }: Record<string, boolean>) => {
      if (isCutover) return revertStatusCutover(config, terminal);
      if (revertVideo) return revertVideoTables(config, terminal);
      return revertExtraction ? revertExtractionTables(config, terminal) : migrateDatabase(config, terminal);
    });
  const setExitCode = (code: number): void => {
    process.exitCode = code;
  };
  addOperatorCommands(program, { config, terminal, setExitCode });
  addContentCommands(program, { config, terminal, setExitCode });
  addExtractionCommands(program, { config, terminal, setExitCode });
  addKeyCommands(program, config, terminal);
  addJobCommands(program, config, terminal);
  addCallbackCommands(program, config, terminal);
  addReviewCommands(program, config, terminal);
  addTaskCommands(program, { config, terminal, setExitCode });
  addCostCommand(program, { config, terminal });
  addPurgeCommand(program, config, terminal);
  addOutsideCommands(program, { config, terminal, setExitCode });
  return program;
}

try {
  const config = readConfig();
  await createProgram(config, createTerminal(config)).parseAsync(process.argv);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
