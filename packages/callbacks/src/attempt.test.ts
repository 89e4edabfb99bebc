import type { TakenDelivery } from "@millrace/core";
import { settableClock } from "@millrace/testing";
import { describe, expect, it } from "vitest";
import { attemptDelivery } from "./attempt.ts";
import { callbackBody } from "./callback-body.ts";
import type { PostAnswer } from "./post.ts";
import { retryAfterMs } from "./retry-after.ts";
import { newSecret } from "./sign.ts";
import { DELIVERY_TIMINGS } from "./timings.ts";

const clock = settableClock("2026-02-01T12:00:00.700Z");
const delivery: TakenDelivery = {
  id: "d",
  fence: 4,
  attempt: 1,
  endpointId: "e",
  event: "pipeline_job.failed",
  url: "https://example.org/",
  secrets: [newSecret()],
  payload: "full",
  job: {
    id: "0199aaaa-0000-7000-8000-000000000000",
    contentId: null,
    pipeline: "content",
    pipelineVersion: "1.0.0",
    resourceKey: "cid:x",
    status: "failed",
    errorCode: "CONTENT_EMPTY",
    errorMessage: "nothing there",
    errorStage: "convert",
    createdAt: new Date("2026-02-01T11:00:00Z"),
    startedAt: null,
    finishedAt: new Date("2026-02-01T11:00:01Z"),
    resultSummary: null,
    result: null,
  },
};

const attempt = (answer: Partial<PostAnswer>, over: Partial<TakenDelivery> = {}, random = 0) =>
  attemptDelivery(
    { ...delivery, ...over },
    {
      post: async () => ({ status: 500, headers: {}, body: new Uint8Array(), ...answer }),
      clock,
      random: () => random,
      timings: DELIVERY_TIMINGS,
    },
    new AbortController().signal,
  );

describe("an attempt", () => {
  it("A-Q12 is followed by the next after 1 s, then after 4 s, a quarter more at random", async () => {
    expect((await attempt({}))?.retryInMs).toBe(1_000);
    expect((await attempt({}, { attempt: 2 }))?.retryInMs).toBe(4_000);
    expect((await attempt({}, { attempt: 2 }, 0.999))?.retryInMs).toBe(4_999);
    expect((await attempt({ headers: { "retry-after": "30" } }))?.retryInMs).toBe(30_000);
    expect((await attempt({ headers: { "retry-after": "0" } }))?.retryInMs).toBe(1_000);
  });

  it.each([
    [200, "delivered"],
    [204, "delivered"],
    [299, "delivered"],
    [301, "failed"],
    [400, "failed"],
    [404, "failed"],
  ] as const)("that is answered %i is %s", async (status, outcome) => {
    expect(await attempt({ status })).toMatchObject({ id: "d", fence: 4, outcome, statusCode: status });
  });

  it("keeps a kilobyte of the answer and no secret", async () => {
    const record = await attempt({ status: 410, body: Buffer.from("ä".repeat(2_000)) });
    expect(record?.outcome).toBe("gone");
    expect(Buffer.byteLength(record?.responseBody ?? "")).toBe(1_024);
    expect(JSON.stringify(record)).not.toContain(delivery.secrets[0]);
    expect(record?.requestHeaders["webhook-timestamp"]).toBe("1769947200");
  });
});

describe("callbackBody", () => {
  it("A-S29 A-Q11 is compact, in order, and the same each time", () => {
    const body = callbackBody(delivery);
    expect(body).toBe(callbackBody({ ...delivery }));
    expect(Object.keys(JSON.parse(body))).toEqual(Object.keys(JSON.parse(body)).sort());
    expect(body).not.toMatch(/": |, "/);
    expect(JSON.parse(body)).toMatchObject({
      schema_version: "1",
      type: "pipeline_job.failed",
      timestamp: "2026-02-01T11:00:01.000Z",
      status: "failed",
      error_code: "CONTENT_EMPTY",
      error_stage: "convert",
      result_summary: null,
    });
    // only a completed job has a result
    expect(JSON.parse(body)).not.toHaveProperty("result");
  });

  it("leaves out a result that is too large, and says so", () => {
    const job = { ...delivery.job, status: "completed" as const, result: { text: "x" } };
    const event = "pipeline_job.completed";
    expect(JSON.parse(callbackBody({ event, payload: "full", job }))).toMatchObject({
      result: { text: "x" },
      is_result_omitted: false,
    });
    const large = { ...job, result: "ä".repeat(600_000) };
    expect(JSON.parse(callbackBody({ event, payload: "full", job: large }))).toMatchObject({
      result: null,
      is_result_omitted: true,
    });
    expect(JSON.parse(callbackBody({ event, payload: "summary", job }))).not.toHaveProperty("result");
  });
});

describe("retryAfterMs", () => {
  const now = new Date("2026-02-01T12:00:00Z");
  it.each<[string | undefined, number]>([
    [undefined, 0],
    ["", 0],
    ["120", 120_000],
    [" 5 ", 5_000],
    ["-5", 0],
    ["1e3", 0],
    ["99999999999999999999", 3_600_000],
    ["Sun, 01 Feb 2026 12:00:10 GMT", 10_000],
    ["Sun, 01 Feb 2026 11:00:00 GMT", 0],
    ["soon", 0],
  ])("reads %s", (header, ms) => {
    expect(retryAfterMs(header, now, 3_600_000)).toBe(ms);
  });
});
