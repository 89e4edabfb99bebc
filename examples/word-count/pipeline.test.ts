import { afterAll, beforeAll, expect, test } from "vitest";
import { type Harness, startHarness } from "../../e2e/engine/harness.ts";
import { pipelines } from "./pipeline.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness(pipelines);
  await harness.startWorker();
});
afterAll(() => harness.close());

async function submit(text: string): Promise<string> {
  const { jobId } = await harness.submit({ ownerId: harness.owner.id, pipeline: "word-count", input: { text } });
  if (jobId === null) throw new Error("no job was made");
  return jobId;
}

test("the example counts words through the real engine, one stage in each lane", async () => {
  const job = await harness.reaches(await submit("The mill grinds; the water turns the mill."), "completed");
  expect(job.result).toEqual({
    total: 8,
    distinct: 5,
    most_common: [
      { word: "the", count: 3 },
      { word: "mill", count: 2 },
      { word: "grinds", count: 1 },
      { word: "turns", count: 1 },
      { word: "water", count: 1 },
    ],
  });
  const stages = await harness.store.listStages(job.id);
  expect(stages.map(({ stage }) => stage)).toEqual(["split", "count"]);
});

test("a text without words fails at once, with a code", async () => {
  const job = await harness.reaches(await submit("1 + 1 = 2"), "failed");
  expect(job).toMatchObject({ errorCode: "CONTENT_EMPTY", errorStage: "split", retryCount: 0 });
});

test("a text that is too long, or none, is refused before there is a job", async () => {
  await expect(submit("")).rejects.toThrow();
  await expect(submit("x".repeat(1_000_001))).rejects.toThrow();
});
