import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../test-api.fixture.ts";

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});

afterAll(() => api.close());

let count = 0;
async function submit(key?: string): Promise<string> {
  count += 1;
  const body = { pipeline: "sample", input: { key: `review-${count}` } };
  const { body: answer } = await api.call("submitJob", { body, ...(key !== undefined && { key }) });
  return answer.job_id;
}

const decide = (id: string, decision: "approved" | "rejected", more: { key?: string; comment?: string } = {}) =>
  api.call("decideReview", {
    params: { id, gate: "cut" },
    body: { decision, ...(more.comment !== undefined && { comment: more.comment }) },
    ...(more.key !== undefined && { key: more.key }),
  });

const gateOfJob = async (id: string) => (await api.call("listJobReviews", { params: { id } })).body.gates[0];

describe("deciding at a gate", () => {
  it("counts approvals until there are enough, and shows them", async () => {
    const id = await submit();
    await api.park(id, { name: "cut", approvals: 2 });
    const first = await decide(id, "approved", { comment: "good" });
    expect(first.body).toMatchObject({ outcome: "counted", approvals_needed: 1, status: null });
    expect(await gateOfJob(id)).toMatchObject({
      gate: "cut",
      state: "open",
      approvals: 1,
      policy: { approvals: 2 },
      reviews: [{ decision: "approved", comment: "good" }],
    });
    const { key } = await api.makeKey({});
    const second = await decide(id, "approved", { key });
    expect(second.body).toMatchObject({ outcome: "applied", status: "pending" });
    expect(await gateOfJob(id)).toMatchObject({ state: "approved", approvals: 2, closed_at: expect.any(String) });
    expect((await decide(id, "rejected", { key: api.keys.admin })).status).toBe(409);
  });

  it("refuses those without the role with 403, and lets keys that have it decide", async () => {
    const id = await submit();
    await api.park(id, { name: "cut", roles: ["producer"] });
    const refused = await decide(id, "approved");
    expect(refused.status).toBe(403);
    expect(refused.body.detail).toContain("producer");
    const { key } = await api.makeKey({ roles: ["producer"] });
    expect((await decide(id, "approved", { key })).body.outcome).toBe("applied");
  });

  it("does not let who submitted a job approve it where the gate says so", async () => {
    const id = await submit();
    await api.park(id, { name: "cut", allowsSelfApproval: false });
    expect((await decide(id, "approved")).status).toBe(403);
    const { key } = await api.makeKey({});
    expect((await decide(id, "approved", { key })).status).toBe(200);
  });

  it("asks for the reason of a rejection by its field", async () => {
    const id = await submit();
    await api.park(id, { name: "cut", needsReason: true });
    const blank = await decide(id, "rejected");
    expect(blank.status).toBe(400);
    expect(blank.body.errors).toEqual([{ field: "comment", rule: "required", message: "is required" }]);
    const said = await decide(id, "rejected", { comment: "too dark" });
    expect(said.body).toMatchObject({ outcome: "applied", status: "failed" });
    const { body: job } = await api.call("readJob", { params: { id }, query: { verbose: "true" } });
    expect(job).toMatchObject({ error_code: "REVIEW_REJECTED", error_message: "too dark" });
  });

  it("lists what waits, to its owner only, page by page", async () => {
    const ids = [await submit(), await submit(), await submit()];
    for (const id of ids) await api.park(id, { name: "poster" });
    const first = await api.call("listReviews", { query: { gate: "poster", limit: 2 } });
    expect(first.body.waiting.map((w: { job_id: string }) => w.job_id)).toEqual(ids.slice(0, 2));
    expect(first.body.waiting[0].gate).toMatchObject({ gate: "poster", state: "open" });
    const rest = await api.call("listReviews", {
      query: { gate: "poster", limit: 2, cursor: first.body.next_cursor },
    });
    expect(rest.body).toMatchObject({ waiting: [{ job_id: ids[2] }], next_cursor: null });
    const foreign = await api.call("listReviews", { query: { gate: "poster" }, key: api.keys.foreign });
    expect(foreign.body.waiting).toEqual([]);
  });

  it("leaves a trace of every decision", async () => {
    const id = await submit();
    await api.park(id, { name: "cut" });
    await decide(id, "approved", { comment: "fine" });
    const trace = (await api.audits()).filter((event) => JSON.stringify(event).includes(id));
    expect(trace).toEqual([expect.objectContaining({ event: "audit.review" })]);
  });
});

describe("review links", () => {
  const link = async (id: string, body: Record<string, unknown> = {}, key?: string) =>
    api.call("createReviewLink", {
      params: { id, gate: "cut" },
      body: { reviewer: "Rita <rita@example.org>", ...body },
      ...(key !== undefined && { key }),
    });
  const open = (url: string) => api.fetch(new URL(url).pathname);
  const send = (url: string, form: Record<string, string>) =>
    api.fetch(new URL(url).pathname, { method: "POST", body: new URLSearchParams(form) });

  it("opening one decides nothing; its form decides once", async () => {
    const id = await submit();
    await api.park(id, { name: "cut" });
    const { status, body } = await link(id);
    expect(status).toBe(201);
    for (let look = 0; look < 2; look += 1) {
      const page = await open(body.url);
      expect(page.status).toBe(200);
      expect(page.body).toContain("Rita &lt;rita@example.org&gt;");
      expect(page.headers.get("content-security-policy")).toContain("form-action 'self'");
      expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    }
    expect(await gateOfJob(id)).toMatchObject({ state: "open", reviews: [] });
    expect((await send(body.url, { decision: "maybe" })).status).toBe(400);
    for (const comment of ["a\u0000b", "x".repeat(5_001)]) {
      expect((await send(body.url, { decision: "approved", comment })).status).toBe(400);
    }
    expect(await gateOfJob(id)).toMatchObject({ state: "open", reviews: [] });
    const decided = await send(body.url, { decision: "approved", comment: "lovely" });
    expect(decided.status).toBe(200);
    expect(await gateOfJob(id)).toMatchObject({
      state: "approved",
      reviews: [{ decided_by: "link:Rita <rita@example.org>", comment: "lovely" }],
    });
    expect((await send(body.url, { decision: "rejected" })).status).toBe(410);
    expect((await open(body.url)).status).toBe(410);
  });

  it("of two clicks at once one decides", async () => {
    const id = await submit();
    await api.park(id, { name: "cut", approvals: 2 });
    const { body } = await link(id);
    const answers = await Promise.all([1, 2, 3].map(() => send(body.url, { decision: "approved" })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410, 410]);
    expect((await gateOfJob(id)).approvals).toBe(1);
  });

  it("is worth no more than its reviewer and roles, and is not used up by a refusal", async () => {
    const id = await submit();
    await api.park(id, { name: "cut", roles: ["producer"], needsReason: true });
    const { body: weak } = await link(id);
    expect((await send(weak.url, { decision: "approved" })).status).toBe(409);
    expect((await link(id, { roles: ["producer"] })).status).toBe(403);
    const { key } = await api.makeKey({ roles: ["producer"] });
    const { body: strong } = await link(id, { roles: ["producer"] }, key);
    expect((await send(strong.url, { decision: "rejected" })).status).toBe(400);
    expect((await send(strong.url, { decision: "rejected", comment: "no" })).status).toBe(200);
  });

  it("runs out, and is not made for jobs that are over or somebody else's", async () => {
    const id = await submit();
    await api.park(id, { name: "cut" });
    const { body } = await link(id, { expires_in_hours: 0.0000001 });
    expect((await send(body.url, { decision: "approved" })).status).toBe(410);
    expect((await open(body.url)).status).toBe(410);
    expect((await open("http://x/review/nonsense")).status).toBe(404);
    expect((await link(id, {}, api.keys.foreign)).status).toBe(404);
    expect((await link(id, { expires_in_hours: 0 })).status).toBe(400);
    await decide(id, "rejected");
    expect((await link(id)).status).toBe(409);
  });
});
