import { describe, expect, it } from "vitest";
import { ingestQuery, uploadFields, urlIngest } from "./content-contracts.ts";
import { jobListQuery, jobQuery, jobSubmission } from "./job-contracts.ts";
import { ticketPayload } from "./ticket.ts";

const issuesOf = (
  schema: { safeParse(value: unknown): { error?: { issues: { path: PropertyKey[]; code: string }[] } } },
  value: unknown,
) => (schema.safeParse(value).error?.issues ?? []).map((issue) => `${issue.path.join(".")}:${issue.code}`);

describe("queries", () => {
  it("A-S24 verbose is a word, not just any value", () => {
    expect(jobQuery.parse({})).toEqual({ verbose: false });
    expect(jobQuery.parse({ verbose: "true" })).toEqual({ verbose: true });
    expect(issuesOf(jobQuery, { verbose: "yes" })).toEqual(["verbose:invalid_value"]);
  });

  it("A2.6 a page holds 1 to 100 jobs, 50 unless told", () => {
    expect(jobListQuery.parse({}).limit).toBe(50);
    expect(jobListQuery.parse({ limit: "100" }).limit).toBe(100);
    for (const limit of ["0", "101", "-1", "1.5", "x", "", ["1", "2"]]) {
      expect(jobListQuery.safeParse({ limit }).success, String(limit)).toBe(false);
    }
  });

  it("A2.6 a status outside the five is refused, and so is a field nobody knows", () => {
    expect(issuesOf(jobListQuery, { status: "running" })).toEqual(["status:invalid_value"]);
    expect(issuesOf(jobListQuery, { stauts: "failed" })).toEqual([":unrecognized_keys"]);
  });

  it("A2.6 tags repeat: none, one or several", () => {
    expect(ingestQuery.parse({}).tags).toEqual([]);
    expect(ingestQuery.parse({ tags: "a" }).tags).toEqual(["a"]);
    expect(ingestQuery.parse({ tags: ["a", " b "] }).tags).toEqual(["a", "b"]);
    expect(issuesOf(ingestQuery, { tags: [" "] })).toEqual(["tags.0:too_small"]);
  });
});

describe("bodies", () => {
  it("A2.3 #3 a supplied transcript is not blank", () => {
    expect(issuesOf(urlIngest, { url: "https://youtu.be/dQw4w9WgXcQ", transcript_text: " \n\t" })).toEqual([
      "transcript_text:invalid_format",
    ]);
  });

  it("keeps what a caller says of the source beyond the named fields", () => {
    const parsed = urlIngest.parse({ url: "https://example.com", metadata: { title: "T", shelf: { row: 3 } } });
    expect(parsed.metadata).toEqual({ title: "T", shelf: { row: 3 } });
    expect(parsed.transcript_format).toBe("plain");
  });

  it("refuses unknown fields, a missing input and a made-up priority", () => {
    expect(issuesOf(jobSubmission, { pipeline: "noop", input: {}, extra: 1 })).toEqual([":unrecognized_keys"]);
    expect(issuesOf(jobSubmission, { pipeline: "noop" })).toEqual(["input:custom"]);
    expect(issuesOf(jobSubmission, { pipeline: "noop", input: null, priority: "urgent" })).toEqual([
      "priority:invalid_value",
    ]);
    expect(jobSubmission.parse({ pipeline: "noop", input: null })).toEqual({ pipeline: "noop", input: null });
  });

  it("an upload says what it is only in known words", () => {
    expect(uploadFields.parse({})).toEqual({ tags: [] });
    expect(issuesOf(uploadFields, { content_type: "docx" })).toEqual(["content_type:invalid_value"]);
  });
});

describe("ticketPayload", () => {
  it("holds an address and nothing else", () => {
    const ticket = { j: "019a0000-0000-7000-8000-000000000000", s: "fetch", n: 1 };
    expect(ticketPayload.parse(ticket)).toEqual(ticket);
    expect(ticketPayload.safeParse({ ...ticket, input: {} }).success).toBe(false);
    expect(ticketPayload.safeParse({ ...ticket, n: 0 }).success).toBe(false);
  });
});
