import { advance, cancelled, type JsonObject } from "@millrace/core";
import { describe, expect, it } from "vitest";
import {
  begun,
  claimedAgain,
  completedWith,
  ended,
  extractionJob,
  failedWith,
  RESULT,
  retriedAfter,
} from "./extraction-store.fixture.ts";
import { createExtractionStore } from "./extraction-store.ts";
import {
  claimed,
  createOwner,
  newContent,
  newJob,
  OUTPUT,
  place,
  settle,
  storeUnderTest,
  submitted,
} from "./job-store.fixture.ts";
import { newId } from "./new-id.ts";

const t = storeUnderTest();
const extractions = () => createExtractionStore(t.db);
const find = async (id: string) => (await extractions().findExtraction(id, null))!;

describe("an extraction follows its job (B-S01, B-S25)", () => {
  it("create_job: comes back pending with all that its input said (B-S02, B-S05, B-S06, B-S12, B-S20, B-S25)", async () => {
    const record = await extractions().createRecord({ ownerId: t.ownerId, title: "Pump" });
    const input = {
      record_id: record.id,
      field_id: "f-1",
      attachment_id: "a-1",
      cloud_file_id: 7,
      file_url: "o/u/a.pdf",
    };
    const id = await begun(t, extractionJob(t.ownerId, input, { maxRetries: 5 }));
    expect(await find(id)).toEqual({
      id,
      jobId: id,
      filename: "plan.pdf",
      fileUrl: "o/u/a.pdf",
      fileSize: 12,
      format: "pdf",
      status: "pending",
      progress: 0,
      options: { extract_tables: true },
      result: null,
      errorCode: null,
      errorMessage: null,
      errorStackTrace: null,
      retryCount: 0,
      maxRetries: 5,
      nextRetryAt: null,
      createdById: t.ownerId,
      recordId: record.id,
      fieldId: "f-1",
      attachmentId: "a-1",
      cloudFileId: 7,
      bulkId: null,
      bulkIndex: null,
      startedAt: null,
      completedAt: null,
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
    });
  });

  it("start_processing, complete_job: status, times, progress, result and size (B-S09, B-S25)", async () => {
    const id = await begun(t, extractionJob(t.ownerId));
    const job = await claimed(t.store, id);
    expect(await find(id)).toMatchObject({ status: "processing", startedAt: expect.any(Date), completedAt: null });
    await settle(t.store, job, advance(place("two", 1), OUTPUT));
    expect(await find(id)).toMatchObject({ status: "processing", progress: 33, result: null });
    await settle(t.store, { ...job, stage: "two" }, completedWith());
    expect(await find(id)).toMatchObject({
      status: "completed",
      progress: 100,
      result: RESULT,
      fileSize: 4_321,
      completedAt: expect.any(Date),
    });
    const { finishedAt, startedAt } = (await t.store.findJob(id, null))!;
    expect(await find(id)).toMatchObject({ completedAt: finishedAt, startedAt });
  });

  it("fail_job with a retry: pending, counted, due when its job is due; then the end (B-S08, B-S25, B-Q10, B-Q15)", async () => {
    const id = await begun(t, extractionJob(t.ownerId));
    await settle(t.store, await claimed(t.store, id), retriedAfter(30_000));
    const waiting = await find(id);
    expect(waiting).toMatchObject({
      status: "pending",
      retryCount: 1,
      errorCode: "URL_UNREACHABLE",
      completedAt: null,
    });
    expect(waiting.nextRetryAt).toEqual((await t.store.findJob(id, null))!.nextRetryAt);
    expect(waiting.nextRetryAt!.getTime() - waiting.updatedAt.getTime()).toBe(30_000);
    const job = await claimedAgain(t, id);
    expect(await find(id)).toMatchObject({ status: "processing", retryCount: 1, nextRetryAt: null });
    await settle(t.store, job, failedWith());
    expect(await find(id)).toMatchObject({
      status: "failed",
      retryCount: 1,
      errorCode: "CONTENT_DAMAGED",
      errorMessage: "broken",
      result: null,
      completedAt: expect.any(Date),
    });
    expect(await extractions().listAttempts(id)).toEqual([
      {
        jobId: id,
        attempt: 1,
        outcome: "retry",
        errorCode: "URL_UNREACHABLE",
        errorMessage: "not now",
        stage: "download",
        nextRetryAt: waiting.nextRetryAt,
        endedAt: waiting.updatedAt,
      },
      expect.objectContaining({ attempt: 2, outcome: "failed", errorCode: "CONTENT_DAMAGED", stage: "parse" }),
    ]);
  });

  it("a cancel reaches it, at once while it waits and later while it runs; only a try that ran is one (B-Q15, B-Q17)", async () => {
    const cancel = (jobId: string) => t.store.cancel({ jobId, ownerId: null, by: "me", reason: null });
    const waiting = await begun(t, extractionJob(t.ownerId));
    await cancel(waiting);
    expect(await find(waiting)).toMatchObject({ status: "cancelled", completedAt: expect.any(Date) });
    expect(await extractions().listAttempts(waiting)).toEqual([]);
    const running = await begun(t, extractionJob(t.ownerId));
    const job = await claimed(t.store, running);
    await cancel(running);
    expect(await find(running)).toMatchObject({ status: "processing" });
    await settle(t.store, job, cancelled(null));
    expect(await find(running)).toMatchObject({ status: "cancelled" });
    expect(await extractions().listAttempts(running)).toMatchObject([{ attempt: 1, outcome: "cancelled" }]);
  });

  it("keeps the stack of an error for jobs of the full tier only, and no longer than the error (B-S26)", async () => {
    const stack = "Error: broken\n    at parse (a.ts:1:1)";
    const compact = await ended(t, extractionJob(t.ownerId), failedWith("broken", stack));
    expect((await find(compact)).errorStackTrace).toBeNull();
    const full = await begun(t, extractionJob(t.ownerId, {}, { dataTier: "full" }));
    await settle(t.store, await claimed(t.store, full), retriedAfter(0, stack));
    expect((await find(full)).errorStackTrace).toBe(stack);
    expect((await t.store.findJob(full, null))!.errorStack).toBe(stack);
    const again = await claimedAgain(t, full);
    expect((await find(full)).errorStackTrace).toBe(stack);
    await settle(t.store, again, completedWith());
    expect(await find(full)).toMatchObject({
      status: "completed",
      errorCode: null,
      errorMessage: null,
      errorStackTrace: null,
    });
    expect((await t.store.findJob(full, null))!.errorStack).toBeNull();
  });

  it("a cancelled job's error goes with its stack", async () => {
    const id = await begun(t, extractionJob(t.ownerId, {}, { dataTier: "full" }));
    await settle(t.store, await claimed(t.store, id), retriedAfter(60_000, "stack"));
    await t.store.cancel({ jobId: id, ownerId: null, by: "me", reason: null });
    expect(await find(id)).toMatchObject({
      status: "cancelled",
      errorCode: null,
      errorStackTrace: null,
      nextRetryAt: null,
    });
  });

  it("jobs of other pipelines make no extraction", async () => {
    const id = await ended(t, newJob(t.ownerId, { content: newContent() }), completedWith());
    expect(await extractions().findExtraction(id, null)).toBeUndefined();
  });

  it("outlives its job: 100 when it is completed, else what is known (B-S01)", async () => {
    const [done, broken] = [
      await ended(t, extractionJob(t.ownerId)),
      await ended(t, extractionJob(t.ownerId), failedWith()),
    ];
    await t.db.query("delete from pipeline_jobs where id in ($1, $2)", [done, broken]);
    expect(await find(done)).toMatchObject({ jobId: null, status: "completed", progress: 100, result: RESULT });
    expect(await find(broken)).toMatchObject({
      jobId: null,
      status: "failed",
      progress: 0,
      errorCode: "CONTENT_DAMAGED",
    });
    expect(await extractions().listAttempts(done)).toHaveLength(1);
  });
});

describe("a manual retry, reset_for_retry (B-Q15, B-S25)", () => {
  it("the row follows the new job: counts from 0, error and times are gone, the history stays", async () => {
    const id = await begun(t, extractionJob(t.ownerId));
    await settle(t.store, await claimed(t.store, id), retriedAfter(0));
    await settle(t.store, await claimedAgain(t, id), failedWith());
    const first = await find(id);
    const retry = await begun(t, extractionJob(t.ownerId, { extraction_id: id }, { maxRetries: 7 }));
    expect(retry).not.toBe(id);
    expect(await find(id)).toEqual({
      ...first,
      jobId: retry,
      status: "pending",
      retryCount: 0,
      maxRetries: 7,
      errorCode: null,
      errorMessage: null,
      startedAt: null,
      completedAt: null,
      updatedAt: expect.any(Date),
    });
    expect(await extractions().findExtraction(retry, null)).toBeUndefined();
    await settle(t.store, await claimed(t.store, retry), completedWith());
    expect(await find(id)).toMatchObject({ status: "completed", retryCount: 0, result: RESULT });
    const attempts = await extractions().listAttempts(id);
    expect(attempts.map(({ jobId, attempt, outcome }) => [jobId, attempt, outcome])).toEqual([
      [id, 1, "retry"],
      [id, 2, "failed"],
      [retry, 1, "completed"],
    ]);
  });

  it("the old job's late settlement no longer reaches the row", async () => {
    const id = await begun(t, extractionJob(t.ownerId));
    const late = await claimed(t.store, id);
    const retry = await begun(t, extractionJob(t.ownerId, { extraction_id: id }));
    await settle(t.store, late, completedWith({ late: true }));
    expect((await t.store.findJob(id, null))!.status).toBe("completed");
    expect(await find(id)).toMatchObject({ jobId: retry, status: "pending", result: null, startedAt: null });
  });

  it("whoever is first, a late settlement and a retry at once leave the retry's row", async () => {
    for (let round = 0; round < 20; round += 1) {
      const id = await begun(t, extractionJob(t.ownerId));
      const late = await claimed(t.store, id);
      const retry = extractionJob(t.ownerId, { extraction_id: id });
      await Promise.all([settle(t.store, late, completedWith({ late: true })), submitted(t.store, retry)]);
      expect(await find(id)).toMatchObject({ jobId: retry.id, status: "pending", result: null });
    }
  });

  it("B-Q23 another owner's extraction is left as it is", async () => {
    const id = await ended(t, extractionJob(t.ownerId), failedWith());
    const before = await find(id);
    await ended(t, extractionJob(await createOwner(t.db), { extraction_id: id }));
    expect(await find(id)).toEqual(before);
  });

  it("two retries in one statement: the row follows one of them", async () => {
    const id = await ended(t, extractionJob(t.ownerId), failedWith());
    const jobs = [1, 2, 3].map(() => extractionJob(t.ownerId, { extraction_id: id }));
    const answers = await Promise.all(jobs.map((job) => t.store.submit(job)));
    expect(answers.map(({ kind }) => kind)).toEqual(["created", "created", "created"]);
    expect(jobs.map((job) => job.id)).toContain((await find(id)).jobId);
  });
});

describe("input of a strange shape never stops a job", () => {
  const shapes: [string, JsonObject][] = [
    ["nothing", {}],
    [
      "wrong kinds",
      { filename: 7, file_url: [], file_size: "big", format: "pdf", options: "x", bulk_id: 3, bulk_index: {} },
    ],
    ["no uuids", { format: "pdf", record_id: "r", bulk_id: "b", extraction_id: "e" }],
    ["unknown ids", { format: "pdf", record_id: newId(), bulk_id: newId() }],
    ["numbers past all limits", { format: "pdf", file_size: 1e300, cloud_file_id: -1e300, bulk_index: 1e99 }],
    ["an unknown format", { format: "bom" }],
    [
      "long texts",
      { format: "dxf", filename: "n".repeat(9_999), field_id: "f".repeat(9_999), attachment_id: "😀".repeat(999) },
    ],
  ];

  it.each(shapes)("%s", async (_, input) => {
    const id = await ended(t, newJob(t.ownerId, { pipeline: "extraction", input }));
    expect((await t.store.findJob(id, null))!.status).toBe("completed");
    const row = await extractions().findExtraction(id, null);
    expect(row?.status).toBe(input["format"] === "pdf" || input["format"] === "dxf" ? "completed" : undefined);
    expect([row?.recordId ?? null, row?.bulkId ?? null]).toEqual([null, null]);
  });

  it.each([null, 7, "text", [1]])("an input that is %j, and such a result", async (input) => {
    for (const pipeline of ["extraction", "extraction_bulk"]) {
      const id = await ended(t, newJob(t.ownerId, { pipeline, input }), completedWith(input));
      expect((await t.store.findJob(id, null))!.status).toBe("completed");
    }
    const id = await ended(t, extractionJob(t.ownerId), completedWith(input));
    expect(await find(id)).toMatchObject({ status: "completed", result: input });
  });

  it("an address that no index holds is cut; 2,048 plain characters are not", async () => {
    const random = Array.from({ length: 2_048 }, (_, n) =>
      String.fromCodePoint(0x1_0000 + ((n * 7_919) % 60_000)),
    ).join("");
    const plain = `https://example.org/${random.replace(/[^a-z]/g, "").padEnd(2_028, "0123456789abcdef")}`;
    const [wide, narrow] = [
      await begun(t, extractionJob(t.ownerId, { file_url: random })),
      await begun(t, extractionJob(t.ownerId, { file_url: plain })),
    ];
    expect(random.startsWith((await find(wide)).fileUrl)).toBe(true);
    expect((await find(narrow)).fileUrl).toBe(plain);
    expect(plain).toHaveLength(2_048);
  });

  it("a result's size that is none leaves the one there was", async () => {
    for (const file_size of ["12", -1, 0, 1e12, null]) {
      const id = await ended(t, extractionJob(t.ownerId, { file_size: 99 }), completedWith({ file_size }));
      expect((await find(id)).fileSize).toBe(99);
    }
  });
});

describe("records and owners (B-S06, B-Q05, B-Q07)", () => {
  it("a deleted record leaves its extractions, linked to nothing", async () => {
    const { id: recordId } = await extractions().createRecord({ ownerId: t.ownerId, title: null });
    const ids = [1, 2, 3].map(() => newId());
    for (const id of ids) await begun(t, extractionJob(t.ownerId, { record_id: recordId, attachment_id: "a" }, { id }));
    expect(await extractions().listExtractions({ ownerId: t.ownerId, recordId, limit: 9 })).toHaveLength(3);
    expect(await extractions().deleteRecord(recordId, await createOwner(t.db))).toBe(false);
    expect(await extractions().deleteRecord(recordId, t.ownerId)).toBe(true);
    for (const id of ids)
      expect(await find(id)).toMatchObject({ recordId: null, attachmentId: "a", status: "pending" });
    expect(await extractions().findRecord(recordId, null)).toBeUndefined();
    expect(await extractions().deleteRecord(recordId, null)).toBe(false);
  });

  it("another owner's record is no record (B-Q23)", async () => {
    const other = await extractions().createRecord({ ownerId: await createOwner(t.db), title: "theirs" });
    const id = await begun(t, extractionJob(t.ownerId, { record_id: other.id }));
    expect((await find(id)).recordId).toBeNull();
    expect(await extractions().findRecord(other.id, t.ownerId)).toBeUndefined();
    expect(await extractions().knownRecords([other.id, newId(), "x"], t.ownerId)).toEqual([]);
    expect(await extractions().knownRecords([other.id, newId(), "x"], null)).toEqual([other.id]);
  });

  it("records are listed page by page, newest first", async () => {
    const ownerId = await createOwner(t.db);
    const ids: string[] = [];
    for (const title of ["a", "b", "c"]) ids.unshift((await extractions().createRecord({ ownerId, title })).id);
    for (const asked of [ownerId, null]) {
      const page = await extractions().listRecords({ ownerId: asked, limit: 2 });
      const rest = await extractions().listRecords({ ownerId: asked, limit: 1, after: page.at(-1) });
      expect([...page, ...rest].map(({ id }) => id)).toEqual(ids);
    }
  });

  it("an owner who goes leaves the extractions without one", async () => {
    const ownerId = await createOwner(t.db);
    const id = await ended(t, extractionJob(ownerId));
    await t.db.query("delete from pipeline_jobs where owner_id = $1", [ownerId]);
    await t.db.query("delete from owners where id = $1", [ownerId]);
    expect(await find(id)).toMatchObject({ createdById: null, status: "completed" });
  });
});
