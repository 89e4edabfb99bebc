import { until } from "@millrace/testing";
import { expect, test } from "vitest";
import { batchWriter } from "./batch-writer.ts";

/** A write that waits to be let go. */
function gatedWrites() {
  const batches: (readonly number[])[] = [];
  const gates: ((failure?: Error) => void)[] = [];
  const write = (batch: readonly number[]): Promise<void> =>
    new Promise((resolve, reject) => {
      batches.push(batch);
      gates.push((failure) => (failure ? reject(failure) : resolve()));
    });
  return { batches, gates, write };
}

test("what arrives while a batch is under way forms the next one", async () => {
  const { batches, gates, write } = gatedWrites();
  const add = batchWriter(write);
  const first = [add(1), add(2)];
  await until(() => batches.length === 1);
  const second = [add(3), add(4), add(5)];
  gates[0]!();
  await Promise.all(first);
  await until(() => batches.length === 2);
  gates[1]!();
  await Promise.all(second);
  expect(batches).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
});

test("everyone in a failed batch is told, nobody else, and the next batch is written", async () => {
  const { batches, gates, write } = gatedWrites();
  const add = batchWriter(write);
  const failed = Promise.allSettled([add(1), add(2)]);
  await until(() => batches.length === 1);
  const next = add(3);
  gates[0]!(new Error("no"));
  expect((await failed).map((result) => result.status)).toEqual(["rejected", "rejected"]);
  await until(() => batches.length === 2);
  gates[1]!();
  await next;
});

test("a batch has at most 1,000 items", async () => {
  const sizes: number[] = [];
  const add = batchWriter<number>(async (batch) => sizes.push(batch.length));
  await Promise.all(Array.from({ length: 2_500 }, (_, i) => add(i)));
  expect(sizes).toEqual([1_000, 1_000, 500]);
});

test("starts again after it has been idle", async () => {
  const sizes: number[] = [];
  const add = batchWriter<number>(async (batch) => sizes.push(batch.length));
  await add(1);
  await add(2);
  expect(sizes).toEqual([1, 1]);
});
