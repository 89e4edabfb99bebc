import { definePipeline, done, NO_RETRY } from "@millrace/core";

const anything = { parse: (value) => value };
const stage = { lane: "io", timeoutMs: 10_000, retry: NO_RETRY, isAbortable: true, output: anything };

/** Four stages that do nothing: what is left is the cost of the engine, each stage durable before the next starts. */
export const pipelines = [
  definePipeline(
    {
      name: "noop",
      version: "1.0.0",
      admission: "direct",
      input: {
        parse(value) {
          if (typeof value?.key !== "string") throw new Error("key is missing");
          return value;
        },
      },
      stages: { one: stage, two: stage, three: stage, four: stage },
      maxRetries: 0,
      resourceKey: (input) => `noop:${input.key}`,
    },
    {
      one: async () => done({ n: 1 }),
      two: async () => done({ n: 2 }),
      three: async () => done({ n: 3 }),
      four: async () => done({ n: 4 }),
    },
  ),
];
