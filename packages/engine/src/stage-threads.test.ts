import { type Log, MillraceError, silentLog } from "@millrace/core";
import { afterAll, describe, expect, it } from "vitest";
import type { StageCall } from "./stage-runner.ts";
import { stageThreads } from "./stage-threads.ts";

const threads = stageThreads({
  entry: new URL("./stage-threads.fixture.mjs", import.meta.url),
  execArgv: ["--conditions=millrace-source"],
  threads: 2,
  maxHeapMb: 64,
  abortGraceMs: 200,
  log: silentLog,
});
afterAll(() => threads.close());

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

function run(
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
  // biome-ignore lint/suspicious/noExplicitAny: the thread finds the pipeline by name, this side's is not looked at
  return threads.run(undefined as any, call, {
    signal,
    log: options.log ?? silentLog,
    progress: options.progress ?? (() => {}),
  });
}

describe("stageThreads", () => {
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

  it("aborts a stage that listens to its signal and keeps its thread", async () => {
    const controller = new AbortController();
    const running = run("obedient", { signal: controller.signal });
    controller.abort(new MillraceError("CANCELLED", "enough"));
    await expect(running).rejects.toMatchObject({ code: "CANCELLED" });
    expect((await run("double", { input: 4 })).kind).toBe("done");
  });

  it("ends the thread of a stage that ignores its abort, and other stages run on", async () => {
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
