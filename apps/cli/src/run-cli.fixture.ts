import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { addContentCommands } from "./add-content-commands.ts";
import { addExtractionCommands } from "./add-extraction-commands.ts";
import { addOperatorCommands, type OperatorNeeds } from "./add-operator-commands.ts";
import { addTaskCommands } from "./add-task-commands.ts";
import { addCostCommand } from "./add-video-channel-commands.ts";
import { createColour } from "./colour.ts";
import { readConfig } from "./config.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Env = Readonly<Record<string, string>>;

/** `millrace …` as a process of its own. It compiles what it imports, which takes seconds. */
export function spawnCli(args: readonly string[], env: Env): Promise<CliResult> {
  const child = fork(MAIN, [...args], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env },
    execArgv: ["--conditions=millrace-source", "--import", "tsx"],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.on("data", (chunk: Buffer) => {
      output[name] += chunk.toString();
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...output }));
  });
}

/** The operator's commands with the same arguments, settings and answers, in this process. */
export async function runCli(args: readonly string[], env: Env): Promise<CliResult> {
  const result = { code: 0, stdout: "", stderr: "" };
  const say = (line: string): void => {
    result.stdout += `${line}\n`;
  };
  const warn = (line: string): void => {
    result.stderr += `${line}\n`;
  };
  const program = new Command("millrace").exitOverride().configureOutput({ writeOut: say, writeErr: warn });
  const needs: OperatorNeeds = {
    config: readConfig(env),
    terminal: { colour: createColour(false), say, warn },
    setExitCode(code) {
      result.code = code;
    },
  };
  addOperatorCommands(program, needs);
  addContentCommands(program, needs);
  addExtractionCommands(program, needs);
  addTaskCommands(program, needs);
  addCostCommand(program, needs);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    result.code = 1;
    if (!(error instanceof CommanderError)) warn((error as Error).message);
  }
  return result;
}
