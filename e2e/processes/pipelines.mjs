// Pipelines of the process tests: every start of a stage is a line in a file, so that repeats can be counted.
import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { definePipeline, done, NO_RETRY } from "@millrace/core";

const folder = process.env["E2E_FOLDER"] ?? ".";
const anything = { parse: (value) => value };
const stage = (lane) => ({ lane, timeoutMs: 60_000, retry: NO_RETRY, isAbortable: false, output: anything });
const note = (pipeline, stage, input) =>
  appendFileSync(join(folder, "stage-starts.log"), `${pipeline} ${input.key} ${stage} ${process.pid}\n`);

const define = (name, stages) =>
  definePipeline(
    {
      name,
      version: "1.0.0",
      admission: "direct",
      input: anything,
      stages: Object.fromEntries(Object.entries(stages).map(([s, { lane }]) => [s, stage(lane)])),
      maxRetries: 3,
      resourceKey: (input) => `${name}:${input.key}`,
    },
    Object.fromEntries(
      Object.entries(stages).map(([s, { run }]) => [
        s,
        async (context) => {
          note(name, s, context.input);
          return done((await run?.(context)) ?? s);
        },
      ]),
    ),
  );

export const pipelines = [
  define("counted", { one: { lane: "io" }, two: { lane: "io" }, three: { lane: "io" }, four: { lane: "io" } }),
  define("held", {
    before: { lane: "io" },
    held: {
      lane: "io",
      // until the test writes the file; polled, since the stage may be in any process
      run: async ({ input }) => {
        while (!existsSync(join(folder, `go-${input.key}`))) await new Promise((resolve) => setTimeout(resolve, 20));
      },
    },
    after: { lane: "cpu" },
  }),
  define("fragile", {
    work: {
      lane: "io",
      run: async ({ input }) => {
        await new Promise((resolve) => setTimeout(resolve, input.ms));
        if (input.poison) process.kill(process.pid, "SIGKILL");
      },
    },
  }),
  define("spinning", {
    spin: {
      lane: "cpu",
      run: async ({ input }) => {
        const end = Date.now() + input.ms;
        while (Date.now() < end);
      },
    },
  }),
];
