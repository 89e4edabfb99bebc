import { describe, expect, it } from "vitest";
import { ExtractionModel, formatOf, optionsOf, resultOf, statusOf } from "./extraction-model.ts";
import type { ExtractionRow } from "./statements/extraction-rows.ts";

const row = (more: Partial<ExtractionRow> = {}): ExtractionRow => ({
  id: "00000000-0000-7000-8000-000000000001",
  jobId: "00000000-0000-7000-8000-000000000002",
  filename: "a.pdf",
  fileUrl: "o/a.pdf",
  fileSize: 1,
  format: "pdf",
  status: "completed",
  progress: 100,
  options: { extract_text: true },
  result: { success: true },
  errorCode: null,
  errorMessage: null,
  errorStackTrace: null,
  retryCount: 0,
  maxRetries: 3,
  nextRetryAt: null,
  createdById: "00000000-0000-7000-8000-000000000003",
  recordId: null,
  fieldId: null,
  attachmentId: null,
  cloudFileId: null,
  bulkId: null,
  bulkIndex: null,
  startedAt: null,
  completedAt: null,
  createdAt: new Date(0),
  updatedAt: new Date(0),
  ...more,
});

describe("accessors of options and result (B-S11, B-S25, B-Q09)", () => {
  it.each<[unknown, object]>([
    [{ a: 1 }, { a: 1 }],
    ['{"a": 1}', { a: 1 }],
    [null, {}],
    [undefined, {}],
    ["", {}],
    ['{"a": ', {}],
    ["null", {}],
    ["[1]", {}],
    [[1], {}],
    [7, {}],
  ])("reads %j as %j (B-S11, B-Q09)", (stored, expected) => {
    expect(optionsOf({ options: stored })).toEqual(expected);
    expect(resultOf({ result: stored })).toEqual(expected);
  });

  it("B-S11 B-Q09 malformed JSON of an import reads as empty", () => {
    expect(optionsOf({ options: "not json" })).toEqual({});
    expect(resultOf({ result: '{"a": 1' })).toEqual({});
  });
});

describe("the model of an extraction", () => {
  it("B-S11 says its id and status", () => {
    expect(String(new ExtractionModel(row()))).toBe("<ExtractionJob 00000000-0000-7000-8000-000000000001 completed>");
  });

  it("B-S11 B-S24 refuses a status or a format that is none", () => {
    const model = new ExtractionModel(row());
    expect(() => {
      model.status = "retrying";
    }).toThrow(RangeError);
    expect(() => formatOf("bom")).toThrow('"bom" is no format of an extraction: pdf, dxf, ifc, step, werk24');
    expect([statusOf("failed"), formatOf("step")]).toEqual(["failed", "step"]);
    model.status = "pending";
    expect(model.status).toBe("pending");
  });

  it("B-S21 B-S29 B-Q04 result and results are one", () => {
    const model = new ExtractionModel(row());
    expect(model.results).toEqual({ success: true });
    model.result = { pages: 2 };
    expect(model.results).toEqual({ pages: 2 });
    model.results = { pages: 3 };
    expect([model.result, model.row.result]).toEqual([{ pages: 3 }, { pages: 3 }]);
    model.result = null;
    expect([model.result, model.results]).toEqual([{}, {}]);
  });

  it("B-S22 B-S24 B-Q03 format and extraction_format are one", () => {
    const model = new ExtractionModel(row());
    model.extractionFormat = "ifc";
    expect([model.format, model.extractionFormat, model.row.format]).toEqual(["ifc", "ifc", "ifc"]);
    model.format = "dxf";
    expect(model.extractionFormat).toBe("dxf");
  });

  it("B-S26 B-Q07 user_id is who made it, celery_task_id its newest job", () => {
    const { createdById, jobId } = row();
    const model = new ExtractionModel(row());
    expect([model.userId, model.createdById, model.celeryTaskId]).toEqual([createdById, createdById, jobId]);
  });

  it("B-S11 B-S25 options are set as they are read", () => {
    const model = new ExtractionModel(row());
    model.options = { extract_text: false };
    expect([model.options, model.row.options]).toEqual([{ extract_text: false }, { extract_text: false }]);
  });
});
