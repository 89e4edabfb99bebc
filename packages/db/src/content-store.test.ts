import { complete, fail, type Json } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { createContentStore } from "./content-store.ts";
import {
  claimed,
  createOwner,
  DONE,
  newContent,
  newJob,
  OUTPUT,
  place,
  settle,
  storeUnderTest,
  submitted,
  TO_TWO,
} from "./job-store.fixture.ts";
import { newId } from "./new-id.ts";

const t = storeUnderTest();
const contentsOf = () => createContentStore(t.db);
const find = async (id: string) => (await contentsOf().findContent(id, null))!;

async function started(content = newContent(), ownerId = t.ownerId, resourceKey = `cid:${newId()}`) {
  const { jobId, contentId } = await submitted(t.store, newJob(ownerId, { content, resourceKey }));
  return { job: await claimed(t.store, jobId), contentId: contentId! };
}

async function finished(output: Json, content = newContent(), ownerId = t.ownerId) {
  const { job, contentId } = await started(content, ownerId);
  await settle(t.store, job, complete({ output, warnings: [] }));
  return contentId;
}

const RESULT = {
  title: "After",
  content_type: "pdf",
  source_url: "https://example.org/a",
  file_path: "web/a.pdf",
  file_size: 4711,
  tags: ["one", "two"],
  metadata: { pages: 3 },
  unified_result: {
    tags: ["alpha", "beta"],
    tier: "A",
    quality_score: 77,
    summary: "Good.",
    topics: [
      { name: "B", hierarchy: ["A", "B"] },
      { name: "C", hierarchy: [] },
    ],
  },
};

describe("contents follow their jobs", () => {
  it("mirrors each status in the same statement and moves processed_at with it (A-S01, A-S02, A-Q09)", async () => {
    const { job, contentId } = await started();
    const processing = await find(contentId);
    expect(processing).toMatchObject({ processingStatus: "processing", pipelineVersion: "1.2.3", title: "Before" });
    await t.db.query("update contents set processed_at = now() - interval '1 hour' where id = $1", [contentId]);
    await settle(t.store, job, TO_TWO);
    expect((await find(contentId)).processedAt!.getTime()).toBeLessThan(Date.now() - 3_000_000);
    await settle(t.store, job, fail({ code: "PARSE_FAILED", message: "no", stage: "two" }), "two");
    const failed = await find(contentId);
    expect(failed).toMatchObject({ processingStatus: "failed", title: "Before", tags: ["kept"] });
    expect(failed.processedAt!.getTime()).toBeGreaterThan(Date.now() - 60_000);
    const cancelled = await started();
    await t.db.query("update pipeline_jobs set lease_until = now() - interval '1 s' where id = $1", [cancelled.job.id]);
    await t.store.cancel({ jobId: cancelled.job.id, ownerId: null, by: "a", reason: null });
    expect((await find(cancelled.contentId)).processingStatus).toBe("cancelled");
  });

  it("copies the result of a completed job", async () => {
    expect(await find(await finished(RESULT))).toMatchObject({
      processingStatus: "completed",
      title: "After",
      contentType: "pdf",
      sourceUrl: "https://example.org/a",
      filePath: "web/a.pdf",
      fileSize: 4711,
      tags: ["one", "two"],
      metadata: { pages: 3 },
      unifiedResult: RESULT.unified_result,
      qualityTier: "A",
      qualityScore: 77,
      summary: "Good.",
      pipelineTags: ["alpha", "beta"],
    });
  });

  it("leaves columns whose key is missing or of the wrong kind, and never stops the job", async () => {
    const nonsense: Json[] = [
      {},
      null,
      "text",
      [1],
      { title: 7, file_size: "big", tags: "a", metadata: [], unified_result: "x" },
      { file_size: 1e300, tags: [1, null], unified_result: { tier: "Z", quality_score: 1e9, tags: {}, summary: [] } },
    ];
    for (const output of nonsense) {
      const content = await find(await finished(output));
      expect(content).toMatchObject({
        processingStatus: "completed",
        title: "Before",
        fileSize: 12,
        qualityTier: null,
      });
    }
  });

  it("keeps an earlier result when a later run fails or is cancelled (A-Q10)", async () => {
    const resourceKey = `cid:${newId()}`;
    const first = await started(newContent(), t.ownerId, resourceKey);
    await settle(t.store, first.job, complete({ output: RESULT, warnings: [] }));
    const again = await started(newContent({ isForced: true }), t.ownerId, resourceKey);
    expect(again.contentId).toBe(first.contentId);
    await settle(t.store, again.job, fail({ code: "PARSE_FAILED", message: "no", stage: "one" }));
    expect(await find(first.contentId)).toMatchObject({ processingStatus: "failed", title: "After", qualityTier: "A" });
    expect((await contentsOf().latestJobOf(first.contentId))?.id).toBe(again.job.id);
  });

  it("lets go of a deleted content and deletes a job's history with it (D9)", async () => {
    const { job, contentId } = await started();
    await settle(t.store, job, TO_TWO);
    await t.db.query("delete from contents where id = $1", [contentId]);
    expect(await t.store.findJob(job.id, null)).toMatchObject({ contentId: null, stage: "two" });
    await t.db.query("delete from pipeline_jobs where id = $1", [job.id]);
    expect(await t.store.listEvents(job.id)).toEqual([]);
    expect(await t.store.listStages(job.id)).toEqual([]);
  });

  it("settles and submits the same contents from both sides without a deadlock", async () => {
    const resourceKeys = Array.from({ length: 8 }, () => `cid:${newId()}`);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, async (_, round) => {
        for (const resourceKey of round % 2 === 0 ? resourceKeys : [...resourceKeys].reverse()) {
          const answer = await t.store.submit(
            newJob(t.ownerId, { resourceKey, content: newContent({ isForced: true }) }),
          );
          if (answer.kind === "content_completed") continue;
          const claim = await t.store.claim({ jobId: answer.jobId, dispatchNo: 1 }, { worker: "w", leaseMs: 9_000 });
          if (claim.kind === "claimed") await settle(t.store, claim.job, DONE);
        }
      }),
    );
    expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
  });
});

describe("content store", () => {
  it("lists newest first with filters and pages, one owner's only (A-Q03)", async () => {
    const ownerId = await createOwner(t.db);
    const ids: string[] = [];
    for (const tag of ["x", "y", "x"]) ids.push(await finished({ tags: [tag, "all"] }, newContent(), ownerId));
    const listed = async (filter: object) =>
      (await contentsOf().listContents({ ownerId, limit: 10, ...filter })).map(({ id }) => id);
    expect(await listed({})).toEqual([...ids].reverse());
    expect(await listed({ tags: ["x", "all"] })).toEqual([ids[2], ids[0]]);
    expect(await listed({ tags: ["nothing"] })).toEqual([]);
    expect(await listed({ status: "failed" })).toEqual([]);
    expect(await listed({ contentType: "markdown", status: "completed" })).toHaveLength(3);
    const [newest] = await contentsOf().listContents({ ownerId, limit: 1 });
    expect(await listed({ after: newest })).toEqual([ids[1], ids[0]]);
    expect(await contentsOf().findContent(ids[0]!, t.ownerId)).toBeUndefined();
    expect(await contentsOf().findContent("nonsense", null)).toBeUndefined();
    expect(newest).toMatchObject({ createdAt: expect.any(Date), fileSize: expect.any(Number), tags: ["x", "all"] });
  });

  it("tells what the owner's contents are about: tags, topics, pairs seen three times, tiers", async () => {
    const ownerId = await createOwner(t.db);
    for (let i = 0; i < 3; i += 1) await finished(RESULT, newContent(), ownerId);
    await finished({ tags: ["one", "lonely"], unified_result: { tier: "B", topics: "none" } }, newContent(), ownerId);
    expect(await contentsOf().contextFor(ownerId)).toEqual({
      tags: [
        { name: "one", count: 4 },
        { name: "alpha", count: 3 },
        { name: "beta", count: 3 },
        { name: "two", count: 3 },
        { name: "lonely", count: 1 },
      ],
      topics: ["A > B", "C"],
      tag_pairs: [
        ["alpha", "beta"],
        ["alpha", "one"],
        ["alpha", "two"],
        ["beta", "one"],
        ["beta", "two"],
        ["one", "two"],
      ].map((tags) => ({ tags, count: 3 })),
      tiers: { A: 3, B: 1 },
      aliases: [],
    });
    expect(await contentsOf().contextFor(newId())).toEqual({
      tags: [],
      topics: [],
      tag_pairs: [],
      tiers: {},
      aliases: [],
    });
  });

  it("gives the context in bounded time for an owner with many contents", async () => {
    const ownerId = await createOwner(t.db);
    await t.db.query(
      `insert into contents (id, owner_id, resource_key, content_type, tags, processing_status, quality_tier)
       select gen_random_uuid(), $1::uuid, 'k' || n, 'markdown', array['t' || n % 300, 't' || n % 7, 't' || n % 11], 'completed', 'B'
       from generate_series(1, 20000) n`,
      [ownerId],
    );
    const context = await contentsOf().contextFor(ownerId);
    expect(context.tags).toHaveLength(50);
    expect(context.tiers).toEqual({ B: 1000 });
  });
});

describe("stage outputs across lanes", () => {
  it("do not touch contents of other pipelines", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    const job = await claimed(t.store, jobId);
    await settle(t.store, job, { ...TO_TWO, next: place("two", 1, "cpu"), stageResult: OUTPUT });
    expect((await t.store.findJob(jobId, null))?.contentId).toBeNull();
  });
});
