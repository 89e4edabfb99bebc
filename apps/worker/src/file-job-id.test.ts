import { newId } from "@millrace/db";
import { expect, test } from "vitest";
import { batchChannelId, fileJobId } from "./file-job-id.ts";

const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const run = newId();

test("a run gives each of its files one id, of its own millisecond (B-Q18)", () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => fileJobId(run, index));
  expect(new Set(ids).size).toBe(10_000);
  expect(ids.filter((id) => V7.test(id) && id.slice(0, 13) === run.slice(0, 13))).toHaveLength(10_000);
  expect(fileJobId(run, 7)).toBe(ids[7]);
  expect(fileJobId(newId(), 7)).not.toBe(ids[7]);
});

test("an owner's batches have one channel, another than the owner's own", () => {
  expect(batchChannelId(run)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(batchChannelId(run)).toBe(batchChannelId(run));
  expect(batchChannelId(newId())).not.toBe(batchChannelId(run));
});
