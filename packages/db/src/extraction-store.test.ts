import { advance } from "@millrace/core";
import { describe, expect, it } from "vitest";
import {
  begun,
  bulkJob,
  claimedAgain,
  completedWith,
  ended,
  extractionJob,
  failedWith,
  RESULT,
  retriedAfter,
} from "./extraction-store.fixture.ts";
import { createExtractionStore } from "./extraction-store.ts";
import { claimed, createOwner, newJob, OUTPUT, place, settle, storeUnderTest, submitted } from "./job-store.fixture.ts";
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
});
