import { inspect } from "node:util";
import { MillraceError } from "@millrace/core";
import {
  type FakeNotion,
  hangs,
  isCut,
  notionProperties,
  type ProviderReply,
  repliesWith,
  settableClock,
  startFakeNotion,
  until,
} from "@millrace/testing";
import { afterEach, describe, expect, it } from "vitest";
import { createOutboundFetch } from "../outbound/create-outbound-fetch.ts";
import { createNotion, createNotionLimiter, type NotionOptions } from "./notion.ts";
import type { NotionPage } from "./notion-page.ts";

const fetch = createOutboundFetch({ userAgent: "test", allowLoopback: true });
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function startNotion(maxPageSize?: number): Promise<FakeNotion> {
  const fake = await startFakeNotion(maxPageSize === undefined ? {} : { maxPageSize });
  stops.push(fake.stop);
  return fake;
}

/** The adapter, with time that passes only while it waits. */
function adapter(fake: FakeNotion, options: Partial<NotionOptions> = {}) {
  const clock = settableClock();
  const start = clock.now().getTime();
  const wait = async (ms: number): Promise<void> => clock.advance(ms);
  const notion = createNotion({ fetch, token: fake.token, baseUrl: fake.url, clock, wait, ...options });
  return { notion, clock, wait, elapsedMs: () => clock.now().getTime() - start };
}

async function all(pages: AsyncIterable<NotionPage>): Promise<NotionPage[]> {
  const found: NotionPage[] = [];
  for await (const page of pages) found.push(page);
  return found;
}

async function failure(promise: Promise<unknown>): Promise<MillraceError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MillraceError);
  return error as MillraceError;
}

const fox = notionProperties({
  title: "The fox",
  texts: { Topic: "Foxes in towns", "Error Log": "" },
  selects: { Status: "Draft", Priority: null },
  urls: { "YouTube URL": null },
});
const trouble = (status: number, headers: Record<string, string> = {}): ProviderReply =>
  repliesWith(status, { object: "error", status, code: "some_code", message: "some words" }, headers);

describe("pages of Notion", () => {
  it("C2.5 reads a database to its last page, each page once", async () => {
    const fake = await startNotion(2);
    for (let i = 0; i < 5; i++) fake.addPage(notionProperties({ title: `Video ${i}` }));
    const pages = await all(adapter(fake).notion.pagesOf(fake.databaseId));
    expect(pages.map(({ properties }) => properties["Title"]?.text)).toEqual([0, 1, 2, 3, 4].map((i) => `Video ${i}`));
    expect(fake.requests.filter(({ path }) => path.endsWith("/query"))).toHaveLength(3);
  });

  it("asks only for what was edited since, where told so", async () => {
    const fake = await startNotion();
    fake.addPage(fox);
    fake.addPage(fox).editedAt = "2026-03-01T00:00:00.000Z";
    const { notion } = adapter(fake);
    const pages = await all(notion.pagesOf(fake.databaseId, { editedSince: "2026-02-01T00:00:00.000Z" }));
    expect(pages.map(({ lastEditedAt }) => lastEditedAt)).toEqual(["2026-03-01T00:00:00.000Z"]);
  });

  it("C-Q16 takes ids with and without dashes, and gives them without", async () => {
    const fake = await startNotion();
    const { id } = fake.addPage(fox);
    const bare = id.replaceAll("-", "");
    const { notion } = adapter(fake);
    expect((await notion.page(id.toUpperCase())).id).toBe(bare);
    expect((await notion.page(bare)).id).toBe(bare);
    expect(await failure(notion.page("../users/me"))).toMatchObject({ code: "MEDIA_REFUSED" });
    expect(fake.requests).toHaveLength(2);
  });

  it("reads text, labels and addresses, and the kinds to write them with", async () => {
    const fake = await startNotion();
    const page = fake.addPage({ ...fox, Owner: { type: "people", people: [{ id: "x" }] } });
    expect((await adapter(fake).notion.page(page.id)).properties).toEqual({
      Title: { kind: "title", text: "The fox" },
      Topic: { kind: "rich_text", text: "Foxes in towns" },
      "Error Log": { kind: "rich_text", text: null },
      Status: { kind: "select", text: "Draft" },
      Priority: { kind: "select", text: null },
      "YouTube URL": { kind: "url", text: null },
      Owner: { kind: "people", text: null },
    });
  });

  it("C2.5 writes what it is told and leaves the rest; long text in legal elements", async () => {
    const fake = await startNotion();
    const { id } = fake.addPage(fox);
    // The 2000th character is half of one that takes two.
    const log = `${"x".repeat(1_999)}🦊${"y".repeat(4_000)}`;
    const page = await adapter(fake).notion.update(id, [
      { property: "Status", kind: "select", text: "Assets Ready" },
      { property: "Error Log", kind: "rich_text", text: log },
      { property: "YouTube URL", kind: "url", text: "https://youtube.com/watch?v=abc" },
    ]);
    expect(page.properties["Error Log"]?.text).toBe(log);
    expect(page.properties["Status"]?.text).toBe("Assets Ready");
    expect(page.properties["YouTube URL"]?.text).toBe("https://youtube.com/watch?v=abc");
    expect(page.properties["Topic"]?.text).toBe("Foxes in towns");
  });

  it("writes no property whose kind has no text", async () => {
    const fake = await startNotion();
    const { id } = fake.addPage(fox);
    const { notion } = adapter(fake);
    const error = await failure(notion.update(id, [{ property: "Owner", kind: "people", text: "me" }]));
    expect(error).toMatchObject({ code: "MEDIA_REFUSED", retry: "never" });
    expect(fake.requests).toHaveLength(0);
  });
});

describe("trouble with Notion", () => {
  it("C2.5 after a 429 waits as long as it is asked to, with everybody on the same limiter", async () => {
    const fake = await startNotion();
    const { id } = fake.addPage(fox);
    const { notion, clock, wait, elapsedMs } = adapter(fake);
    const limiter = createNotionLimiter({ clock, wait });
    const mine = adapter(fake, { clock, wait, limiter }).notion;
    fake.interrupt(/pages/, trouble(429, { "retry-after": "7" }));
    expect((await mine.page(id)).properties["Title"]?.text).toBe("The fox");
    expect(elapsedMs()).toBe(7_000);
    expect(fake.requests).toHaveLength(2);
    limiter.pause(9_000);
    await notion.page(id);
    expect(elapsedMs()).toBe(7_000);
    await adapter(fake, { clock, wait, limiter }).notion.page(id);
    expect(elapsedMs()).toBe(16_000);
  });

  it("C2.5 three 429 are told, with the time to wait", async () => {
    const fake = await startNotion();
    const { id } = fake.addPage(fox);
    fake.interrupt(/pages/, ...[1, 2, 3].map(() => trouble(429, { "retry-after": "5" })));
    expect(await failure(adapter(fake).notion.page(id))).toMatchObject({
      code: "MEDIA_RATE_LIMITED",
      retry: "park",
      retryAfterMs: 5_000,
    });
    expect(fake.requests).toHaveLength(3);
  });

  it("keeps nobody for longer than a minute: a longer wait is told at once, also to the next one", async () => {
    const fake = await startNotion();
    const { id } = fake.addPage(fox);
    const { notion, elapsedMs } = adapter(fake);
    fake.interrupt(/pages/, trouble(429, { "retry-after": "600" }));
    const told = { code: "MEDIA_RATE_LIMITED", retryAfterMs: 600_000 };
    expect(await failure(notion.page(id))).toMatchObject(told);
    expect(await failure(notion.page(id))).toMatchObject(told);
    expect(fake.requests).toHaveLength(1);
    expect(elapsedMs()).toBe(0);
  });

  it.each([500, 502, 503, 504, 529, 409])("C2.5 tries three times on %i", async (status) => {
    const fake = await startNotion();
    const { id } = fake.addPage(fox);
    fake.interrupt(/pages/, trouble(status), trouble(status));
    expect((await adapter(fake).notion.update(id, [])).properties["Title"]?.text).toBe("The fox");
    fake.interrupt(/pages/, trouble(status), trouble(status), trouble(status));
    const error = await failure(adapter(fake).notion.page(id));
    expect(error).toMatchObject({ code: "MEDIA_PROVIDER_FAILED", retry: "backoff", details: { status } });
    expect(fake.requests).toHaveLength(6);
  });

  it("C2.5 tries again after no answer in time and after a cut connection", async () => {
    const fake = await startNotion();
    const { id } = fake.addPage(fox);
    fake.interrupt(/pages/, isCut, hangs, isCut);
    const error = await failure(adapter(fake, { timeoutMs: 1_500 }).notion.page(id));
    expect(error).toMatchObject({ code: "MEDIA_PROVIDER_FAILED", retry: "backoff" });
    expect(fake.requests).toHaveLength(3);
  });

  it.each([400, 401, 403, 404])("C2.5 asks once on %i, and says what Notion said", async (status) => {
    const fake = await startNotion();
    const { id } = fake.addPage(fox);
    fake.interrupt(/pages/, trouble(status));
    const error = await failure(adapter(fake).notion.page(id));
    expect(error).toMatchObject({ code: "MEDIA_REFUSED", retry: "never", details: { status } });
    expect(error.message).toMatch(String(status));
    expect(fake.requests).toHaveLength(1);
  });

  it.each([
    ["no JSON", repliesWith(200, "<html>")],
    ["JSON of another shape", repliesWith(200, { object: "page", id: "1" })],
    ["a redirect", repliesWith(302, "", { location: "http://elsewhere.invalid/" })],
  ])("takes %s for an invalid answer", async (_what, reply) => {
    const fake = await startNotion();
    const { id } = fake.addPage(fox);
    fake.interrupt(/pages/, reply, reply, reply);
    expect(await failure(adapter(fake).notion.page(id))).toMatchObject({ code: "MEDIA_ANSWER_INVALID" });
    expect(fake.requests).toHaveLength(3);
  });

  it("never tells its token", async () => {
    const fake = await startNotion();
    const token = "ntn_wrong-token-0123456789";
    const words = { object: "error", status: 401, code: "unauthorized", message: `no such token: ${token}` };
    fake.interrupt(/pages/, repliesWith(401, words));
    const error = await failure(adapter(fake, { token }).notion.page(fake.databaseId));
    expect(error.code).toBe("MEDIA_REFUSED");
    expect(inspect(error, { depth: 10 })).not.toContain(token);
  });

  it("ends with the signal, in the middle of a request and before one", async () => {
    const fake = await startNotion();
    const { id } = fake.addPage(fox);
    const stopping = new AbortController();
    const { notion } = adapter(fake, { signal: stopping.signal });
    fake.interrupt(/pages/, hangs);
    const asked = notion.page(id);
    asked.catch(() => undefined);
    await until(() => fake.requests.length === 1);
    stopping.abort(new Error("stopping"));
    await expect(asked).rejects.toThrow("stopping");
    await expect(notion.page(id)).rejects.toThrow("stopping");
    expect(fake.requests).toHaveLength(1);
  });
});
