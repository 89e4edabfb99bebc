import { expect, it } from "vitest";
import { claimed, newJob, settle, storeUnderTest, submitted, TO_TWO } from "../job-store.fixture.ts";
import { newId } from "../new-id.ts";
import { countWrongTurns } from "./turns.ts";

const t = storeUnderTest();
const change = (jobId: string, ownerId: string | null = null) =>
  t.store.changePriority({ jobId, ownerId, priority: "high" });

it("C-Q08 a waiting job changes its line at once, where its age puts it", async () => {
  const backlog = async (priority: "high" | "normal") =>
    (await submitted(t.store, newJob(t.ownerId, { priority, isDispatched: false, channelId: t.ownerId }))).jobId;
  const ids = [await backlog("normal"), await backlog("normal"), await backlog("high")];
  expect(await change(ids[1]!, t.ownerId)).toEqual({ kind: "changed", before: "normal" });
  expect(await countWrongTurns(t.db.query)).toBe(0);
  expect((await t.store.dispatch("io", 2)).map(({ jobId }) => jobId)).toEqual([ids[1], ids[2]]);
  expect((await t.store.dispatch("io", 2)).map(({ jobId }) => jobId)).toEqual([ids[0]]);
  expect(await countWrongTurns(t.db.query)).toBe(0);
});

it("one that has a ticket keeps it; one that is over, or somebody else's, is not changed", async () => {
  const { jobId } = await submitted(t.store, newJob(t.ownerId));
  const job = await claimed(t.store, jobId);
  expect(await change(jobId)).toEqual({ kind: "changed", before: "normal" });
  expect(await change(jobId)).toEqual({ kind: "changed", before: "high" });
  expect(await settle(t.store, job, TO_TWO)).toMatchObject({ kind: "applied", status: "processing" });
  expect(await t.store.findJob(jobId, null)).toMatchObject({ priority: "high" });
  expect(await change(jobId, newId())).toEqual({ kind: "not_found" });
  expect(await change("no id")).toEqual({ kind: "not_found" });
  await t.store.cancel({ jobId, ownerId: null, by: "ann", reason: null });
  await t.db.query("update pipeline_jobs set lease_until = now() - interval '1 s' where id = $1", [jobId]);
  await t.store.finishExpiredCancels(10);
  expect(await change(jobId)).toEqual({ kind: "terminal", status: "cancelled" });
});
