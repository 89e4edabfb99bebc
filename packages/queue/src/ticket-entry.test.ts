import { expect, test } from "vitest";
import { entryOf, readBody } from "./ticket-entry.ts";

const ticket = {
  jobId: "0198c5f0-1234-7abc-8def-0123456789ab",
  resourceKey: "yt:dQw4w9WgXcQ",
  seq: 1042,
  stage: "fetch",
  dispatchNo: 3,
  lane: "io",
} as const;

test("a ticket is stored under its own id, named after its stage, with j, s and n and no options", () => {
  const { jobId, job } = entryOf(ticket);
  expect(jobId).toBe("yt_dQw4w9WgXcQ.1042.3");
  expect(job).toMatchObject({ id: jobId, name: "fetch", opts: {} });
  expect(JSON.parse(job.data)).toEqual({ j: ticket.jobId, s: "fetch", n: 3 });
});

test("reads back what it wrote", () => {
  expect(readBody(JSON.parse(entryOf(ticket).job.data))).toEqual({
    jobId: ticket.jobId,
    stage: "fetch",
    dispatchNo: 3,
  });
});

test.each([null, undefined, "text", 1, {}, { j: "a", s: "b" }, { j: 1, s: "b", n: 1 }, { j: "a", s: "b", n: "1" }])(
  "takes %j for no ticket",
  (body) => {
    expect(readBody(body)).toBeNull();
  },
);
