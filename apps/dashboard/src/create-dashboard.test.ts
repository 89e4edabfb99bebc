import { complete, fail } from "@millrace/core";
import { newId } from "@millrace/db";
import { ownRedis, until } from "@millrace/testing";
import request from "supertest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRig as openRig, PASSWORD, type Rig } from "./dashboard.fixture.ts";

const rigs: Rig[] = [];
const startRig = async (...address: Parameters<typeof openRig>): Promise<Rig> => {
  const rig = await openRig(...address);
  rigs.push(rig);
  return rig;
};

afterAll(async () => {
  for (const rig of rigs) await rig.close();
});

describe("the login", () => {
  let rig: Rig;
  let nextAddress = 1;
  /** A caller of its own: wrong passwords are counted by address. */
  const from = (): string => `203.0.113.${nextAddress++}`;
  beforeAll(async () => {
    rig = await startRig();
  });

  test.each(["/", "/jobs/x", "/board", "/board/api/queues", "/board/static/js/x.js"])("%s is shut", async (path) => {
    const page = await request(rig.server).get(path).set("accept", "text/html").expect(303);
    expect(page.headers["location"]).toBe(`/login?next=${encodeURIComponent(path)}`);
    await request(rig.server).get(path).set("accept", "application/json").expect(401);
    await request(rig.server).put(path).expect(401);
  });

  test("the health checks and the sign-in screen are open", async () => {
    await request(rig.server).get("/health").expect(200, { status: "ok", app_version: "1.2.3" });
    await request(rig.server)
      .get("/ready")
      .expect(200, { status: "ok", checks: { postgres: "ok", queue: "ok" } });
    const { text } = await request(rig.server).get("/login").expect(200);
    expect(text).toContain('type="password"');
    await request(rig.server).get("/assets/console.css").expect(200);
  });

  test("the password opens it, with a cookie no script can read, and signing out shuts it again", async () => {
    const agent = request.agent(rig.server);
    const signedIn = await agent.post("/login").type("form").send({ password: PASSWORD, next: "/?status=failed" });
    expect(signedIn.status).toBe(303);
    expect(signedIn.headers["location"]).toBe("/?status=failed");
    expect(signedIn.headers["set-cookie"]?.[0]).toMatch(/HttpOnly.*SameSite=Strict/);
    await agent.get("/").expect(200);
    await agent.post("/logout").expect(303);
    await agent.get("/").set("accept", "text/html").expect(303);
  });

  test.each([
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "javascript:alert(1)",
    "/\t/evil.example",
  ])("signing in never leads to %j", async (next) => {
    const answer = await request(rig.server).post("/login").type("form").send({ password: PASSWORD, next });
    expect(answer.headers["location"]).toBe("/");
  });

  test("behind TLS the cookie is for TLS only", async () => {
    const answer = await request(rig.server)
      .post("/login")
      .set("x-forwarded-proto", "https")
      .type("form")
      .send({ password: PASSWORD });
    expect(answer.headers["set-cookie"]?.[0]).toContain("Secure");
  });

  test("ten wrong passwords from one address are enough; others can still sign in", async () => {
    const guesser = from();
    const guess = (password: string, address: string) =>
      request(rig.server).post("/login").set("x-forwarded-for", address).type("form").send({ password });
    for (let i = 0; i < 10; i++) await guess(`guess ${i}`, guesser).expect(401);
    const refused = await guess(PASSWORD, guesser).expect(429);
    expect(refused.headers["retry-after"]).toBeDefined();
    await guess(PASSWORD, from()).expect(303);
  });

  test.each([undefined, "", "x".repeat(10_000)])("a form that makes no sense is no way in", async (password) => {
    const answer = await request(rig.server)
      .post("/login")
      .set("x-forwarded-for", from())
      .type("form")
      .send({ password });
    expect([401, 413]).toContain(answer.status);
  });

  test("scripts come from the dashboard itself and nowhere else", async () => {
    const { headers } = await request(rig.server).get("/login");
    expect(headers["content-security-policy"]).toContain("script-src 'self';");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
  });
});

describe("the console", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });

  test("shows a job with its stages, timings, warnings, history and result, and escapes what callers sent", async () => {
    const ticket = await rig.submit("cid:told");
    const holder = { worker: "worker-7", leaseMs: 30_000 };
    const claim = await rig.store.claim({ jobId: ticket.jobId, dispatchNo: 1 }, holder);
    if (claim.kind !== "claimed") throw new Error(claim.kind);
    const warnings = [{ code: "CUT", message: "only <b>one</b> page" }];
    const settlement = complete({ output: { title: "A <i>title</i>", tags: ["mills", "rivers"] }, warnings });
    await rig.store.settle({ jobId: ticket.jobId, stage: "read", fence: claim.job.fence, settlement }, holder);

    const agent = await rig.signIn();
    const { text } = await agent.get(`/jobs/${ticket.jobId}`).expect(200);
    for (const part of ["cid:told", "completed", "worker-7", "read", "CUT only &lt;b&gt;one&lt;/b&gt; page", "mills"]) {
      expect(text).toContain(part);
    }
    expect(text).toContain("A &lt;i&gt;title&lt;/i&gt;");
    expect((await agent.get("/?find=cid:told")).text).toContain("A &lt;i&gt;title&lt;/i&gt;");
    expect(text).not.toContain("<script>alert");
    expect(text).not.toContain("data-live");
  });

  test("pages through the list without missing or repeating a job", async () => {
    const keys = Array.from({ length: 120 }, (_, i) => `paged:${String(i).padStart(3, "0")}`);
    await Promise.all(keys.map((key) => rig.submit(key)));
    const agent = await rig.signIn();
    const seen: string[] = [];
    let path: string | undefined = "/?pipeline=sample&status=pending";
    for (let page = 0; path !== undefined && page < 10; page++) {
      const { text }: { text: string } = await agent.get(path).expect(200);
      seen.push(...[...text.matchAll(/<code>(paged:\d+)<\/code>/g)].map((match) => match[1] ?? ""));
      path = /href="([^"]+)">Older/.exec(text)?.[1]?.replaceAll("&amp;", "&");
    }
    expect(seen.toSorted()).toEqual(keys);
  });

  test("filters by status, resource key and owner, and says when nothing matches", async () => {
    await rig.submit("cid:wanted");
    const agent = await rig.signIn();
    const found = await agent.get("/?find=cid:wanted");
    expect(found.text.match(/class="pill/g)).toHaveLength(1);
    expect((await agent.get("/?find=cid:wanted&status=failed")).text).toContain("No job matches");
    expect((await agent.get(`/?owner=${newId()}`)).text).toContain("No job matches");
  });

  test("a job id in the search leads to the job, an unknown one to an answer", async () => {
    const { jobId } = await rig.submit("cid:by-id");
    const agent = await rig.signIn();
    const found = await agent.get(`/?find=${jobId}`).expect(303);
    expect(found.headers["location"]).toBe(`/jobs/${jobId}`);
    expect((await agent.get(`/?find=${newId()}`).expect(200)).text).toContain("No job matches");
    expect((await agent.get(`/jobs/${newId()}`).expect(404)).text).toContain("No such job");
    await agent.get("/jobs/not-an-id").expect(404);
    await agent.get("/jobs/%E0%A4%A").expect(400);
  });

  test.each([
    "status=sideways",
    "after=nonsense",
    "after=1e999~x",
    "owner=me",
    "find=",
    "status=failed&status=pending",
  ])("a question that makes no sense (%s) is left out", async (search) => {
    const agent = await rig.signIn();
    await agent.get(`/?${search}`).expect(200);
  });
});

describe("batches of extractions", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });

  /** A batch whose files have been handed in; one has failed. */
  async function batch(name: string, files: number): Promise<{ id: string; first: string }> {
    const input = { manifest_key: "o/bulk/m.jsonl", total_files: files, continue_on_error: true };
    const { jobId: id } = await rig.submit(`bulk:${name}`, { pipeline: "extraction_bulk", input });
    const tickets = await Promise.all(
      Array.from({ length: files }, (_, bulk_index) => {
        const filename = `<${name}>-${String(bulk_index).padStart(3, "0")}.pdf`;
        const of = { filename, file_url: "https://e.org/a.pdf", format: "pdf", options: {}, bulk_id: id, bulk_index };
        return rig.submit(`ext:bulk:${id}:${bulk_index}`, { pipeline: "extraction", input: of });
      }),
    );
    const first = tickets[0]?.jobId ?? "";
    const holder = { worker: "worker-1", leaseMs: 30_000 };
    const claim = await rig.store.claim({ jobId: first, dispatchNo: 1 }, holder);
    if (claim.kind !== "claimed") throw new Error(claim.kind);
    const settlement = fail({ code: "CONTENT_DAMAGED", message: "broken", stage: "read" });
    await rig.store.settle({ jobId: first, stage: "read", fence: claim.job.fence, settlement }, holder);
    return { id, first };
  }

  test("B-S28 a batch shows its counts and its files, page by page, by status", async () => {
    const { id, first } = await batch("plans", 120);
    const agent = await rig.signIn();
    const { text } = await agent.get(`/bulk/${id}`).expect(200);
    for (const part of [
      "Batch of 120 files",
      "1 failed, 119 pending",
      "CONTENT_DAMAGED",
      `/jobs/${first}`,
      "data-live",
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain("&lt;plans&gt;-000.pdf");
    expect(text).not.toContain("<plans>");
    const next = /href="([^"]+)">Next/.exec(text)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const rest = (await agent.get(next).expect(200)).text;
    expect(rest).toContain("plans&gt;-119.pdf");
    expect(rest).not.toContain("plans&gt;-099.pdf");
    const failed = (await agent.get(`/bulk/${id}?status=failed`).expect(200)).text;
    expect(failed.match(/plans&gt;-\d+\.pdf/g)).toHaveLength(1);
    expect((await agent.get(`/bulk/${id}?status=completed`)).text).toContain("No file stands so");
    expect((await agent.get("/bulk").expect(200)).text).toContain(`/bulk/${id}`);
  });

  test("a file's job says which file it is and leads to its batch", async () => {
    const { id, first } = await batch("one", 1);
    const agent = await rig.signIn();
    const { text } = await agent.get(`/jobs/${first}`).expect(200);
    for (const part of [`href="/bulk/${id}"`, "&lt;one&gt;-000.pdf", "<dd>pdf</dd>"]) expect(text).toContain(part);
    expect((await agent.get(`/jobs/${id}`).expect(200)).text).toContain(`href="/bulk/${id}"`);
  });

  test("an unknown batch is 404; questions that make no sense are left out", async () => {
    const { id } = await batch("odd", 1);
    const agent = await rig.signIn();
    expect((await agent.get(`/bulk/${newId()}`).expect(404)).text).toContain("No such batch");
    await agent.get("/bulk/x").expect(404);
    for (const search of ["status=sideways", "after=-1", "after=x", "after=1&after=2"]) {
      await agent.get(`/bulk/${id}?${search}`).expect(200);
    }
    await agent.get("/bulk?after=x~y").expect(200);
    await request(rig.server).get(`/bulk/${id}`).set("accept", "text/html").expect(303);
  });
});

describe.each(["redis", "postgres"] as const)("the queue board on %s", (backend) => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(backend === "postgres" ? "postgres" : undefined);
  });

  test("lists the lanes and a ticket, with a link to its job", async () => {
    const ticket = await rig.submit("cid:board");
    await rig.queue.add([ticket]);
    const agent = await rig.signIn();
    expect((await agent.get("/board").expect(200)).text).toContain("Millrace queues");
    const { body } = await agent
      .get("/board/api/queues?activeQueue=io&status=waiting&page=1&jobsPerPage=10")
      .expect(200);
    expect(body.queues.map((queue: { name: string }) => queue.name).sort()).toEqual(["cpu", "io", "media"]);
    const job = await agent.get(`/board/api/queues/io/${encodeURIComponent(`cid_board.${ticket.seq}.1`)}`).expect(200);
    expect(JSON.stringify(job.body)).toContain(`/jobs/${ticket.jobId}`);
  });

  test("changes nothing: what would bypass Postgres is refused", async () => {
    const agent = await rig.signIn();
    for (const act of ["pause", "empty", "obliterate", "retry/failed", "clean/completed", "promote"]) {
      await agent.put(`/board/api/queues/io/${act}`).expect(405);
    }
    await agent.post("/board/api/queues/io/add").send({ name: "x", data: {} }).expect(405);
    await agent.put("/board/api/queues/pause").expect(405);
  });
});

test("without Redis the console goes on and says so, and the board says what is wrong instead of spinning", async () => {
  const redis = await ownRedis();
  const rig = await startRig({ redisUrl: redis.url() });
  const { jobId } = await rig.submit("cid:through-it");
  const agent = await rig.signIn();
  expect((await agent.get("/").expect(200)).text).not.toContain("does not answer");
  await redis.kill();
  const list = await agent.get("/").expect(200);
  expect(list.text).toContain("Redis does not answer");
  expect(list.text).toContain("cid:through-it");
  await agent.get(`/jobs/${jobId}`).expect(200);
  expect((await agent.get("/board").expect(503)).text).toContain("The queue is away");
  await agent.get("/board/api/queues").expect(503);
  await request(rig.server)
    .get("/ready")
    .expect(200, { status: "degraded", checks: { postgres: "ok", queue: "down" } });
  await redis.remove();
});

test("without Postgres every screen says so, and shows jobs again when it is back", async () => {
  const rig = await startRig();
  const { jobId } = await rig.submit("cid:patient");
  const agent = await rig.signIn();
  await rig.proxy.set("refuse");
  expect((await agent.get("/").expect(503)).text).toContain("Postgres does not answer");
  expect((await agent.get(`/jobs/${jobId}`).expect(503)).text).toContain("Postgres does not answer");
  await request(rig.server)
    .get("/ready")
    .expect(503, { status: "unavailable", checks: { postgres: "down", queue: "ok" } });
  await request(rig.server).get("/health").expect(200);
  await rig.proxy.set("pass");
  await until(async () => (await agent.get("/")).text.includes("cid:patient"));
});
