import { expect, test } from "vitest";
import { definePipeline, type Pipeline } from "./define-pipeline.ts";
import { registryOf, specRegistryOf } from "./registry.ts";

function pipeline(name: string, version: string): Pipeline {
  const anything = { parse: (value: unknown) => value };
  return definePipeline(
    { name, version, admission: "direct", input: anything, stages: {}, maxRetries: 0, resourceKey: () => "cid:1" },
    {},
  );
}

test("A-S12 a job runs on the pipeline of its name and major version, whatever the minor one", () => {
  const registry = registryOf([pipeline("content", "1.4.0"), pipeline("content", "2.0.0"), pipeline("video", "1.0.0")]);
  expect(registry.find("content", "1.0.0")?.spec.version).toBe("1.4.0");
  expect(registry.find("content", "2.9.9")?.spec.version).toBe("2.0.0");
  expect(registry.find("content", "10.0.0")).toBeUndefined();
  expect(registry.find("extraction", "1.0.0")).toBeUndefined();
});

test("two pipelines that would run the same jobs are refused", () => {
  expect(() => registryOf([pipeline("content", "1.4.0"), pipeline("content", "1.5.0")])).toThrow('"content"');
});

test("the API's registry finds a spec by name", () => {
  const { spec } = pipeline("content", "1.4.0");
  const registry = specRegistryOf([spec]);
  expect(registry.find("content")).toBe(spec);
  expect(registry.find("video")).toBeUndefined();
});
