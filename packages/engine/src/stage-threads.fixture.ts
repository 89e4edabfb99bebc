// The entry of the threads in stage-seats.test.ts.
import { definePipeline, done, MillraceError, NO_RETRY, registryOf, reject, systemClock } from "@millrace/core";
import { serveStageThread } from "./serve-stage-thread.ts";

const any = { parse: (value: unknown) => value };
const stage = { lane: "cpu" as const, timeoutMs: 1_000, retry: NO_RETRY, isAbortable: true, output: any };
const names = [
  "double",
  "spin",
  "obedient",
  "hoard",
  "throw_typed",
  "throw_plain",
  "reject",
  "chatty",
  "fill_buffers",
  "crash",
  "pid",
] as const;

const spec = {
  name: "threads",
  version: "1.0.0",
  admission: "direct" as const,
  input: any,
  stages: Object.fromEntries(names.map((name) => [name, stage])) as Record<(typeof names)[number], typeof stage>,
  maxRetries: 0,
  resourceKey: () => "x",
};

serveStageThread({
  clock: systemClock,
  registry: registryOf([
    definePipeline(spec, {
      double: async ({ input }) => done({ doubled: Number(input) * 2 }),
      spin: async () => {
        for (;;) Math.sqrt(2);
      },
      obedient: ({ signal }) =>
        new Promise((_, fail) => {
          if (signal.aborted) fail(signal.reason);
          signal.addEventListener("abort", () => fail(signal.reason));
        }),
      hoard: async () => {
        const kept: unknown[] = [];
        for (;;) kept.push(new Array(1_000_000).fill({}));
      },
      // memory that no heap limit counts
      fill_buffers: async () => {
        const kept: Uint8Array[] = [];
        for (;;) kept.push(new Uint8Array(8_000_000).fill(1));
      },
      crash: async () => {
        process.kill(process.pid, "SIGSEGV");
        return new Promise(() => {});
      },
      pid: async ({ progress }) => {
        progress(process.pid);
        for (;;) Math.sqrt(2);
      },
      throw_typed: async () => {
        throw new MillraceError("CONTENT_DAMAGED", "page 3 is broken", { details: { page: 3 }, retryAfterMs: 7 });
      },
      throw_plain: async () => {
        throw new TypeError("undefined is not a page");
      },
      reject: async () => reject(new MillraceError("UNSUPPORTED_CONTENT", "a zip")),
      chatty: async ({ log, progress }) => {
        log.child({ page: 1 }).info({ words: 2 }, "read");
        progress(0.5);
        return done(null);
      },
    }),
  ]),
});
