import { type ChildProcess, spawn } from "node:child_process";
import { MillraceError } from "@millrace/core";

/** A program that makes media, and where it was found. */
export interface Tool {
  /** For messages: `ffmpeg`. */
  readonly name: string;
  /** A path, or a name the system finds. */
  readonly command: string;
  readonly version: string;
  readonly foundIn: "path" | "npm";
}

export interface ToolCall {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly input?: string;
  /** Each line of standard output as it comes; nothing of it is kept then. */
  readonly onLine?: (line: string) => void;
}

export interface ToolOutput {
  readonly stdout: string;
  /** Its end; what came before is forgotten. */
  readonly stderr: string;
}

const MAX_STDOUT_BYTES = 4_000_000;
const KEPT_STDERR_CHARACTERS = 16_000;
const SHOWN_LINES = 5;
const SHOWN_LINE_CHARACTERS = 300;

/** Children are leaders of their own groups, so a terminal's Ctrl-C does not reach them: this process ends them. */
const running = new Set<ChildProcess>();

process.on("exit", () => {
  for (const child of running) killGroup(child);
});

/**
 * Runs a program to its end, without a shell. An abort, the time limit and too much output kill its whole process
 * group; the promise settles when it is gone. Rejects with the signal's reason, MEDIA_TOOL_MISSING, or MEDIA_FAILED
 * with the last lines of standard error.
 */
export async function runTool(
  tool: Pick<Tool, "name" | "command">,
  args: readonly string[],
  call: ToolCall,
): Promise<ToolOutput> {
  call.signal.throwIfAborted();
  const child = spawn(tool.command, args, { detached: true, stdio: ["pipe", "pipe", "pipe"] });
  running.add(child);
  let failure: Error | undefined;
  const stop = (reason: Error): void => {
    failure ??= reason;
    killGroup(child);
  };
  const onAbort = (): void => stop(asError(call.signal.reason));
  const timer = setTimeout(() => {
    stop(mediaFailed(`${tool.name} took longer than ${call.timeoutMs} ms and was ended.`));
  }, call.timeoutMs);
  call.signal.addEventListener("abort", onAbort, { once: true });
  try {
    child.stdin?.on("error", () => {}); // it may end without reading everything
    child.stdin?.end(call.input ?? "");
    const output = collect(child, call.onLine, () => stop(mediaFailed(`${tool.name} printed too much and was ended.`)));
    const code = await ended(child, tool);
    if (failure !== undefined) throw failure;
    if (code !== 0) throw toolFailed(tool, code, output.stderr);
    return { stdout: output.stdout, stderr: output.stderr };
  } finally {
    clearTimeout(timer);
    call.signal.removeEventListener("abort", onAbort);
    running.delete(child);
  }
}

/** The exit code, or the signal's name, once the child is gone and its output is read. */
function ended(child: ChildProcess, tool: Pick<Tool, "name">): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return; // it runs; only a signal could not be sent
      const isMissing = error.code === "ENOENT" || error.code === "EACCES";
      reject(
        isMissing
          ? new MillraceError("MEDIA_TOOL_MISSING", `${tool.name} cannot be started: ${error.message}`, {
              cause: error,
            })
          : mediaFailed(`${tool.name} could not be started: ${error.message}`, error),
      );
    });
    child.once("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
}

function collect(
  child: ChildProcess,
  onLine: ToolCall["onLine"],
  onFlood: () => void,
): { stdout: string; stderr: string } {
  const output = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    output.stdout += chunk;
    if (onLine !== undefined) {
      const lines = output.stdout.split("\n");
      output.stdout = lines.pop() ?? "";
      for (const line of lines) onLine(line.trim());
    }
    if (output.stdout.length > MAX_STDOUT_BYTES) {
      output.stdout = "";
      onFlood();
    }
  });
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    output.stderr = (output.stderr + chunk).slice(-KEPT_STDERR_CHARACTERS);
  });
  return output;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL"); // no groups here, or it is gone
  }
}

/** A tool of ours failed on this input. */
export function mediaFailed(message: string, cause?: unknown): MillraceError {
  return new MillraceError("MEDIA_FAILED", message, { retry: "once", cause });
}

function toolFailed(tool: Pick<Tool, "name">, code: number | string, stderr: string): MillraceError {
  const lines = stderr
    .split("\n")
    .map((line) => line.trim().slice(0, SHOWN_LINE_CHARACTERS))
    .filter((line) => line !== "")
    .slice(-SHOWN_LINES);
  return new MillraceError("MEDIA_FAILED", `${tool.name} failed (${code}): ${lines.join(" | ") || "it said nothing"}`, {
    retry: "once",
    details: { tool: tool.name, exit: code, stderr: lines },
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
