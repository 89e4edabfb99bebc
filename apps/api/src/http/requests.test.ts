import { connect } from "node:net";
import { openApiDocument, routes } from "@millrace/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../test-api.fixture.ts";
import { HTTP_STATUS } from "./http-status.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  api.fetch(path, {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${api.keys.own}`, "content-type": "application/json", ...headers },
  });

const jobCount = async () => (await api.call("listJobs", { query: { limit: 100 } })).body.jobs.length;

describe("a bad body", () => {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
  const job = (input: string) => `{"pipeline":"sample","input":${input}}`;

  it.each<[string, string | Uint8Array<ArrayBuffer>, number, string, Record<string, string>?]>([
    ["is no JSON", '{"pipeline":', 400, "MALFORMED_JSON"],
    ["is empty", "", 400, "VALIDATION_FAILED"],
    ["is an array", "[]", 400, "VALIDATION_FAILED"],
    ["is a number", "7", 400, "VALIDATION_FAILED"],
    ["is null", "null", 400, "VALIDATION_FAILED"],
    ["has an unknown field", '{"pipeline":"sample","input":{"key":"a"},"x":1}', 400, "VALIDATION_FAILED"],
    ["has a wrong type", '{"pipeline":7,"input":{"key":"a"}}', 400, "VALIDATION_FAILED"],
    ["is not UTF-8", bytes('{"pipeline":"sample","input":{"key":"\xff"}}'), 400, "VALIDATION_FAILED"],
    ["has a NUL", job('{"key":"a\\u0000b"}'), 400, "VALIDATION_FAILED"],
    ["has half a surrogate pair", job('{"key":"\\ud800"}'), 400, "VALIDATION_FAILED"],
    ["has a NUL in a key", job('{"key":"a","\\u0000":1}'), 400, "VALIDATION_FAILED"],
    ["is nested 20,000 deep", job("[".repeat(20_000) + "]".repeat(20_000)), 400, "VALIDATION_FAILED"],
    ["has a number beyond all", job('{"key":"a","items":[{"n":1e999}]}'), 400, "VALIDATION_FAILED"],
    ["has a prototype", job('{"key":"a","__proto__":{"x":1}}'), 400, "VALIDATION_FAILED"],
    ["is too large", job(`{"key":"${"x".repeat(60_000)}"}`), 413, "PAYLOAD_TOO_LARGE"],
    [
      "is a form",
      "pipeline=sample",
      415,
      "UNSUPPORTED_MEDIA_TYPE",
      { "content-type": "application/x-www-form-urlencoded" },
    ],
    [
      "is latin1",
      job('{"key":"a"}'),
      415,
      "UNSUPPORTED_MEDIA_TYPE",
      { "content-type": "application/json; charset=latin1" },
    ],
    ["is compressed", job('{"key":"a"}'), 415, "UNSUPPORTED_MEDIA_TYPE", { "content-encoding": "gzip" }],
  ])("that %s is refused and starts nothing", async (_name, body, status, code, headers) => {
    const before = await jobCount();
    const answer = await post("/api/v1/jobs", body, headers);
    expect(answer.body).toMatchObject({ status, code });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await jobCount()).toBe(before);
  });

  it("that lies about its length or never says it is refused while it arrives", async () => {
    const chunk = Buffer.alloc(10_000, "x");
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (sent >= 200) controller.close();
        else controller.enqueue(chunk);
        sent++;
      },
    });
    const answer = await api.fetch("/api/v1/jobs", {
      method: "POST",
      body,
      duplex: "half",
      headers: { authorization: `Bearer ${api.keys.own}`, "content-type": "application/json" },
    } as RequestInit);
    expect(answer.status).toBe(413);
  });
});

describe("a bad address", () => {
  const authorization = () => ({ headers: { authorization: `Bearer ${api.keys.own}` } });

  it("an unknown route is 404, a wrong method 405 with Allow", async () => {
    expect((await api.fetch("/api/v1/nothing", authorization())).body).toMatchObject({
      status: 404,
      code: "NOT_FOUND",
    });
    const wrong = await api.fetch("/api/v1/jobs", { method: "DELETE", ...authorization() });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("POST, GET, HEAD");
    expect(wrong.body.code).toBe("METHOD_NOT_ALLOWED");
  });

  it.each([
    "/api/v1/jobs/%FF",
    "/api/v1/jobs/%",
    "/api/v1/jobs?status=%FF",
    "/api/v1/jobs?status=%E0%A4%A",
    "/api/v1/jobs?cursor=%00",
    "/api/v1/jobs?limit=1&limit=2",
  ])("%s is 400, not 500", async (path) => {
    const answer = await api.fetch(path, authorization());
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe("VALIDATION_FAILED");
  });
});

describe("X-Request-Id", () => {
  it("comes back as it was sent, or is made", async () => {
    const given = await api.call("health", { headers: { "x-request-id": "trace-7" } });
    expect(given.headers.get("x-request-id")).toBe("trace-7");
    const made = await api.call("health", { headers: { "x-request-id": "a".repeat(200) } });
    expect(made.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    const failed = await api.call("readJob", { params: { id: "x" }, headers: { "x-request-id": "trace-8" } });
    expect(failed.body.request_id).toBe("trace-8");
  });
});

describe("the document", () => {
  it("A-S31 and the running server have exactly the same routes", async () => {
    const { body: document } = await api.call("openapi");
    expect(document).toEqual(
      JSON.parse(JSON.stringify(openApiDocument({ routes, version: "1.2.3", httpStatus: HTTP_STATUS }))),
    );
    const items = document.paths as Record<string, Record<string, { security: object[] }>>;
    const documented = Object.entries(items).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { security }]) => ({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{\w+\}/g, "x"),
        // without a key such an address leads somewhere, or nowhere
        isOpenPlace:
          path.includes("{") && (security.length === 0 || security.some((one) => Object.keys(one).length === 0)),
      })),
    );
    for (const { method, path, isOpenPlace } of documented) {
      const answer = await api.fetch(path, { method });
      expect(isOpenPlace ? [200, 404] : [200, 401], `${method} ${path}`).toContain(answer.status);
    }
    const paths = [...new Set(documented.map(({ path }) => path))];
    for (const path of paths) {
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
        const isListed = documented.some((d) => d.path === path && d.method === method);
        const answer = await api.fetch(path, { method });
        expect(answer.status === 405, `${method} ${path}`).toBe(!isListed);
      }
    }
  });

  it("the page at /docs needs nothing from elsewhere", async () => {
    const page = await api.fetch("/docs/");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match: RegExpMatchArray) => match[1] ?? "");
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      expect(file.startsWith("/docs/"), file).toBe(true);
      const answer = await api.fetch(file);
      expect(answer.status, file).toBe(200);
      expect(answer.headers.get("content-type"), file).toMatch(/javascript|css|png/);
    }
    expect((await api.fetch("/docs/start.js")).body).toContain('"/openapi.json"');
    expect(page.body).not.toMatch(/https?:\/\//);
  });
});

it("answers bytes that are no HTTP with 400 and goes on", async () => {
  const { port } = new URL(api.url);
  const answer = await new Promise<string>((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), "127.0.0.1", () => socket.end("\0\x01 nonsense\r\n\r\n"));
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("close", () => resolve(text)).on("error", reject);
  });
  expect(answer).toMatch(/^HTTP\/1\.1 400/);
  expect((await api.call("health")).status).toBe(200);
});
