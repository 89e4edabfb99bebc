import type { Command } from "commander";
import { applyChannelFiles } from "./commands/channel-files.ts";
import { listCredentials, removeCredential, resealCredentials, setCredential } from "./commands/credentials.ts";
import { checkNotion, showNotionTokens, syncNotion } from "./commands/notion.ts";
import type { CliConfig } from "./config.ts";
import type { Terminal } from "./terminal.ts";

export interface OutsideNeeds {
  readonly config: CliConfig;
  readonly terminal: Terminal;
  setExitCode(code: number): void;
  /** All of the standard input, unless a test says what stands there. */
  readonly readInput?: () => Promise<string>;
}

/** `channels apply`, `credentials` and `notion`: channels of videos and the accounts they use, directly in the database. */
export function addOutsideCommands(program: Command, needs: OutsideNeeds): void {
  const { config, terminal } = needs;
  const channels = program.commands.find((command) => command.name() === "channels") ?? program.command("channels");
  channels
    .command("apply <folder>")
    .description("make channels of videos what the YAML files of a folder say, once")
    .option("--owner <name>", "whose they are; CHANNELS_OWNER, or local")
    .option("--dry-run", "only check the files", false)
    .action(async (folder: string, options: { owner?: string; dryRun: boolean }) => {
      if (!(await applyChannelFiles(config, terminal, { folder, ...options }))) needs.setExitCode(1);
    });
  addCredentialCommands(program, needs);
  addNotionCommands(program, needs);
}

function addCredentialCommands(
  program: Command,
  { config, terminal, setExitCode, readInput = readStdin }: OutsideNeeds,
): void {
  const credentials = program.command("credentials").description("credentials of channels of videos, sealed");
  credentials
    .command("set <channel> <name>")
    .description("seal and keep a credential, which is read from the standard input")
    .action(async (channel: string, name: string) => {
      await setCredential(config, terminal, { channel, name, credential: await readInput() });
    });
  credentials
    .command("list", { isDefault: true })
    .description("which channels have which, and whether they open; exit code 1 when one does not")
    .option("--json", "for programs", false)
    .action(async (options: { json: boolean }) => {
      if (!(await listCredentials(config, terminal, options))) setExitCode(1);
    });
  credentials
    .command("remove <channel> <name>")
    .description("forget a credential")
    .action((channel: string, name: string) => removeCredential(config, terminal, { channel, name }));
  credentials
    .command("reseal")
    .description("seal everything with the first key of CREDENTIAL_KEYS; exit code 1 when something does not open")
    .action(async () => {
      if (!(await resealCredentials(config, terminal))) setExitCode(1);
    });
}

function addNotionCommands(program: Command, { config, terminal, setExitCode }: OutsideNeeds): void {
  const notion = program.command("notion").description("boards in Notion on which videos are planned");
  notion
    .command("check")
    .description("whether every board can be read and has the columns it needs; exit code 1 when one does not")
    .action(async () => {
      if (!(await checkNotion(config, terminal))) setExitCode(1);
    });
  notion
    .command("sync")
    .description("let the leading worker read every board as a whole, now, and wait for it")
    .action(async () => {
      if (!(await syncNotion(config, terminal))) setExitCode(1);
    });
  notion
    .command("token")
    .description("the verification tokens that Notion sent for new webhook subscriptions, newest first")
    .action(async () => {
      if (!(await showNotionTokens(config, terminal))) setExitCode(1);
    });
}

async function readStdin(): Promise<string> {
  if (process.stdin.isTTY) throw new Error("Give the credential on the standard input: … < file, or a pipe.");
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
