import { expect, test } from "vitest";
import { NO_RETRY } from "../retry-policy.ts";
import { firstPlace, type PipelineSpec, placeAfter, placeOf, type StageSpec } from "./pipeline-spec.ts";

const stage: StageSpec = {
  lane: "io",
  timeoutMs: 1_000,
  retry: NO_RETRY,
  isAbortable: true,
  output: { parse: (value) => value },
};

function pipeline(...names: string[]): PipelineSpec {
  return {
    name: "sample",
    version: "1.0.0",
    admission: "direct",
    input: { parse: (value) => value },
    stages: Object.fromEntries(names.map((name) => [name, stage])),
    maxRetries: 0,
    resourceKey: () => "cid:1",
  };
}

test("stages run in the order they are written", () => {
  const spec = pipeline("resolve", "fetch", "analyse");
  const first = firstPlace(spec);
  const second = placeAfter(spec, first);
  const third = second && placeAfter(spec, second);
  expect([first, second, third].map((place) => [place?.name, place?.index, place?.count])).toEqual([
    ["resolve", 0, 3],
    ["fetch", 1, 3],
    ["analyse", 2, 3],
  ]);
  expect(third && placeAfter(spec, third)).toBeUndefined();
});

test("a stage the pipeline does not have has no place, nor has a name every object inherits", () => {
  const spec = pipeline("resolve");
  for (const name of ["fetch", "", "constructor", "toString", "__proto__"]) expect(placeOf(spec, name)).toBeUndefined();
});

test("a pipeline without stages is refused by name", () => {
  expect(() => firstPlace(pipeline())).toThrow("pipeline sample has no stages");
});
