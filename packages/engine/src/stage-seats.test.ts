import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Log, MillraceError, silentLog } from "@millrace/core";
import { until } from "@millrace/testing";
import { afterAll, describe, expect, it } from "vitest";
import { stageProcesses } from "./stage-processes.ts";
import type { StageCall } from "./stage-runner.ts";
import { type StageSeats, stageSeats } from "./stage-seats.ts";
import { stageThreads } from "./stage-threads.ts";

const execArgv = ["--conditions=millrace-source"];
const threads = stageThreads({
  entry: new URL("./stage-threads.fixture.mjs", import.meta.url),
  execArgv,
  threads: 2,
  maxHeapMb: 64,
  abortGraceMs: 200,
  log: silentLog,
});
const processes = stageProcesses({
  entry: new URL("./stage-process.fixture.mjs", import.meta.url),
  execArgv,
  processes: 2,
  abortGraceMs: 20_000,
  log: silentLog,
});
afterAll(() => Promise.all([threads.close(), processes.close()]));

const job = {
  id: "j",
  ownerId: "o",
  resourceKey: "k",
  contentId: null,
  channelId: null,
  priority: "normal",
  dataTier: "compact",
  pipelineVersion: "1.0.0",
  attempt: 1,
  fence: 1,
} as const;

function runOn(
  seats: StageSeats,
  stage: string,
  options: { input?: number; signal?: AbortSignal; log?: Log; progress?: (fraction: number) => void } = {},
) {
  const call: StageCall = {
    pipeline: "threads",
    pipelineVersion: "1.0.0",
    stage,
    job,
    input: options.input ?? 0,
    outputs: {},
  };
  const signal = options.signal ?? new AbortController().signal;
  // it is found by its name over there
  return seats.run(undefined as never, call, {
    signal,
    log: options.log ?? silentLog,
    progress: options.progress ?? (() => {}),
  });
}

type Run = (stage: string, options?: Parameters<typeof runOn>[2]) => ReturnType<typeof runOn>;

// starting a process that compiles what it imports takes its time on a busy machine
describe.each([
  ["threads", threads],
  ["processes", processes],
])("stages in %s", { timeout: 120_000 }, (_, seats) => {
  const run: Run = (stage, options) => runOn(seats, stage, options);

  it("returns what each stage returned, more stages than threads at once", async () => {
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map((input) => run("double", { input })));
    expect(outcomes.map((o) => o.kind === "done" && o.output)).toEqual(
      [2, 4, 6, 8, 10].map((doubled) => ({ doubled })),
    );
  });

  it("keeps code, retry advice, details and message of a thrown error", async () => {
    const error = await run("throw_typed").catch((e: unknown) => e);
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toMatchObject({
      code: "CONTENT_DAMAGED",
      message: "page 3 is broken",
      retry: "never",
      details: { page: 3 },
      retryAfterMs: 7,
    });
    await expect(run("throw_plain")).rejects.toThrow("undefined is not a page");
  });

  it("carries a returned rejection with its code", async () => {
    const outcome = await run("reject");
    expect(outcome).toMatchObject({ kind: "reject", error: { code: "UNSUPPORTED_CONTENT" } });
  });

  it("passes on log lines and progress", async () => {
    const lines: unknown[] = [];
    const fractions: number[] = [];
    const log: Log = { ...silentLog, info: (fields, message) => lines.push([fields, message]) };
    await run("chatty", { log, progress: (fraction) => fractions.push(fraction) });
    expect(lines).toEqual([[{ page: 1, words: 2 }, "read"]]);
    expect(fractions).toEqual([0.5]);
  });

  it("aborts a stage that listens to its signal and keeps its seat", async () => {
    const controller = new AbortController();
    const running = run("obedient", { signal: controller.signal });
    controller.abort(new MillraceError("CANCELLED", "enough"));
    await expect(running).rejects.toMatchObject({ code: "CANCELLED" });
    expect((await run("double", { input: 4 })).kind).toBe("done");
  });

  it("ends where a stage runs that ignores its abort, and other stages run on", async () => {
    const controller = new AbortController();
    const running = run("spin", { signal: controller.signal });
    const beside = run("double", { input: 21 });
    expect(await beside).toMatchObject({ output: { doubled: 42 } });
    controller.abort(new Error("time is up"));
    await expect(running).rejects.toMatchObject({ code: "STAGE_CRASHED", retry: "once" });
    expect(await run("double", { input: 1 })).toMatchObject({ output: { doubled: 2 } });
  });

  it("fails a stage that eats its memory, alone", async () => {
    const failing = expect(run("hoard")).rejects.toMatchObject({ code: "CONTENT_TOO_COMPLEX", retry: "once" });
    expect(await run("double", { input: 3 })).toMatchObject({ output: { doubled: 6 } });
    await failing;
    expect(await run("double", { input: 5 })).toMatchObject({ output: { doubled: 10 } });
  });
});

describe("stages in processes", { timeout: 120_000 }, () => {
  const run: Run = (stage, options) => runOn(processes, stage, options);
  /** A process that nobody has asked for its end yet is over all the same. */
  const isAlive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return !existsSync("/proc/self") || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return false;
    }
  };

  it("fails a stage that fills buffers, which no heap limit counts, alone (B-Q14, B-Q20)", async () => {
    const failing = expect(run("fill_buffers")).rejects.toMatchObject({
      code: "CONTENT_TOO_COMPLEX",
      retry: "once",
      message: expect.stringContaining("400 MB"),
    });
    expect(await run("double", { input: 3 })).toMatchObject({ output: { doubled: 6 } });
    await failing;
    expect(await run("double", { input: 5 })).toMatchObject({ output: { doubled: 10 } });
  });

  it("fails a stage whose process crashes, alone (B-Q14)", async () => {
    const failing = expect(run("crash")).rejects.toMatchObject({ code: "STAGE_CRASHED", retry: "once" });
    expect(await run("double", { input: 3 })).toMatchObject({ output: { doubled: 6 } });
    await failing;
    expect(await run("double", { input: 5 })).toMatchObject({ output: { doubled: 10 } });
  });

  it("end with the process that started them, whatever they are doing", async () => {
    const parent = fork(fileURLToPath(new URL("./stage-parent.fixture.mjs", import.meta.url)), [], { execArgv });
    const [pid] = (await once(parent, "message")) as [number];
    expect(isAlive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await until(() => !isAlive(pid), { timeoutMs: 60_000, message: `process ${pid} to end` });
  });

  it("are not ended by the signal that stops the worker", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    let ended: Promise<unknown> = Promise.resolve();
    const pid = await new Promise<number>((resolve) => {
      ended = run("pid", { signal, progress: resolve }).catch((error: unknown) => error);
    });
    process.kill(pid, "SIGTERM");
    process.kill(pid, "SIGINT");
    expect(await run("double", { input: 5 })).toMatchObject({ output: { doubled: 10 } });
    expect(isAlive(pid)).toBe(true);
    controller.abort(new Error("enough"));
    expect(await ended).toMatchObject({ code: "STAGE_CRASHED" });
  });
});

describe("the first seat", () => {
  it.each([
    [true, 1],
    [false, 0],
  ])("is opened before there is work where it is to be warm: %s", (isWarm, opened) => {
    let count = 0;
    const open = () => {
      count += 1;
      return { post: () => {}, end: async () => {} };
    };
    stageSeats({ open, seats: 4, isWarm, abortGraceMs: 1, log: silentLog });
    expect(count).toBe(opened);
  });
});
