import { type SpawnOptions, spawn } from "node:child_process";

export interface CommandResult {
  /** Undefined when the command could not be started at all (`output` says why) or was ended by a signal. */
  readonly exitCode: number | undefined;
  readonly output: string;
}

export interface CommandOptions extends Pick<SpawnOptions, "cwd" | "env" | "uid" | "gid"> {
  readonly input?: string;
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_CHARACTERS = 64_000;

/** Runs a command to its end and returns what it printed on both streams; never throws. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { input, timeoutMs = DEFAULT_TIMEOUT_MS, ...spawnOptions } = options;
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...spawnOptions, stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    const collect = (chunk: Buffer): void => {
      if (output.length < MAX_OUTPUT_CHARACTERS) output += chunk.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.stdin.on("error", () => {});
    child.stdin.end(input ?? "");
    const timer = setTimeout(() => {
      output += `\n${command} took longer than ${timeoutMs} ms`;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      resolve({ exitCode: undefined, output: error.message });
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ exitCode: code ?? undefined, output: output.trim() });
    });
  });
}
