import { existsSync, readFileSync } from "node:fs";
import { until } from "@millrace/testing";
import { describe, expect, test } from "vitest";
import { runTool } from "./run-tool.ts";

const SHELL = { name: "sh", command: "/bin/sh" };
const NODE = { name: "node", command: process.execPath };
const never = new AbortController().signal;
const PATIENCE = { timeoutMs: 60_000 };
const patient = { signal: never, timeoutMs: 60_000 };

/** A child whose parent is gone may stay a zombie for a while where nobody collects it: that is not running. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return !existsSync("/proc/self"); // a system without /proc, or it is gone by now
  }
}

/** A shell with a child of its own; resolves with the child's number once it runs. */
function startFamily(call: { readonly signal: AbortSignal; readonly timeoutMs: number }) {
  let onChild: (pid: number) => void;
  const child = new Promise<number>((resolve) => {
    onChild = resolve;
  });
  const run = runTool(SHELL, ["-c", "sleep 300 & echo $!; wait"], { ...call, onLine: (line) => onChild(Number(line)) });
  run.catch(() => {}); // looked at later
  return { run, child };
}

describe("a program that makes media", () => {
  test("is killed with its whole process group on abort, and the signal's reason comes back", async () => {
    const aborted = new AbortController();
    const { run, child } = startFamily({ ...patient, signal: aborted.signal });
    const pid = await child;
    expect(isRunning(pid)).toBe(true);
    const reason = new Error("cancelled");
    aborted.abort(reason);
    await expect(run).rejects.toBe(reason);
    await until(() => !isRunning(pid), PATIENCE);
  });

  test("is not started when the abort came first", async () => {
    const reason = new Error("too late");
    await expect(runTool(SHELL, ["-c", "true"], { ...patient, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });

  test("is killed with its group when its time is over", async () => {
    const { run, child } = startFamily({ signal: never, timeoutMs: 1_500 });
    // Where even the shell's first line takes longer than the limit, there is no child to look for.
    const pid = await Promise.race([child, run.then(Number, () => undefined)]);
    await expect(run).rejects.toMatchObject({
      code: "MEDIA_FAILED",
      retry: "once",
      message: expect.stringContaining("1500 ms"),
    });
    await until(() => pid === undefined || !isRunning(pid), PATIENCE);
  });

  test("is killed when it prints without end", async () => {
    await expect(
      runTool(SHELL, ["-c", "while :; do echo 0123456789012345678901234567890123456789; done"], patient),
    ).rejects.toMatchObject({
      code: "MEDIA_FAILED",
      message: expect.stringContaining("printed too much"),
    });
  });

  test("gives the last lines of its standard error when it fails, and says when it is not there", async () => {
    const script = "for i in 1 2 3 4 5 6 7; do echo line $i >&2; done; exit 3";
    await expect(runTool(SHELL, ["-c", script], patient)).rejects.toMatchObject({
      code: "MEDIA_FAILED",
      retry: "once",
      message: "sh failed (3): line 3 | line 4 | line 5 | line 6 | line 7",
    });
    await expect(runTool({ name: "ffmpeg", command: "no-such-program" }, [], patient)).rejects.toMatchObject({
      code: "MEDIA_TOOL_MISSING",
      retry: "never",
    });
  });

  test("gets its arguments and its input as they are, without a shell", async () => {
    const program = "process.stdin.on('data', (chunk) => console.log(process.argv[1] + '|' + chunk))";
    const { stdout } = await runTool(NODE, ["-e", program, "$(id) `id` ; *"], { ...patient, input: "words\n" });
    expect(stdout.trim()).toBe("$(id) `id` ; *|words");
  });
});
