import { expect, test } from "vitest";
import type { Schema } from "../json.ts";
import { NO_RETRY } from "../retry-policy.ts";
import { definePipeline } from "./define-pipeline.ts";
import { done } from "./outcome.ts";
import type { StageSpec } from "./pipeline-spec.ts";

const text: Schema<string> = { parse: (value) => String(value) };
const count: Schema<number> = { parse: (value) => Number(value) };
const common = { lane: "io", timeoutMs: 1_000, retry: NO_RETRY, isAbortable: true } as const;
const stages = {
  read: { ...common, output: text } satisfies StageSpec<string>,
  measure: { ...common, output: count } satisfies StageSpec<number>,
};
const spec = {
  name: "sample",
  version: "1.0.0",
  admission: "direct",
  input: text,
  stages,
  maxRetries: 0,
  resourceKey: (input: string) => `cid:${input}`,
} as const;

test("a pipeline is its spec and a function for each stage", () => {
  const read = async ({ input }: { input: string }) => done(input.trim());
  const pipeline = definePipeline(spec, {
    read,
    measure: async ({ outputs }) => done(outputs.read.length),
  });
  expect(pipeline.spec.name).toBe("sample");
  expect(Object.keys(pipeline.stages)).toEqual(["read", "measure"]);
  expect(pipeline.stages["read"]).toBe(read);
});

test("a stage called by digits is refused, since JavaScript would move it to the front", () => {
  const order = { ...spec, stages: { read: stages.read, 2: stages.measure } };
  expect(() => definePipeline(order, { read: async () => done("x"), 2: async () => done(1) })).toThrow('"2"');
});

test("the compiler refuses a missing stage, a wrong output and the output of a stage that is not there", () => {
  // @ts-expect-error measure is missing
  definePipeline(spec, { read: async ({ input }) => done(input) });
  definePipeline(spec, {
    read: async ({ input }) => done(input),
    // @ts-expect-error measure's schema says number
    measure: async () => done("three"),
  });
  definePipeline(spec, {
    read: async ({ input }) => done(input),
    // @ts-expect-error no stage is called reed
    measure: async ({ outputs }) => done(outputs.reed.length),
  });
});
