import { createHmac, randomUUID } from "node:crypto";
import { createTaskStore, type TaskStore } from "@millrace/db";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../test-api.fixture.ts";

const SECRET = "secret_verification-token-of-a-test";
const PATH = "/api/v1/webhooks/notion";
const TOKEN = "secret_token-that-a-handshake-brings";

let api: TestApi;
let bare: TestApi;
beforeAll(async () => {
  [api, bare] = await Promise.all([
    startTestApi({}, () => [], { notionSecret: SECRET }),
    startTestApi({}, () => [], { hasCredentialKey: false }),
  ]);
});
afterAll(async () => {
  await Promise.all([api.close(), bare.close()]);
});

const store = (of: TestApi): TaskStore =>
  createTaskStore({ query: of.sql } as unknown as Parameters<typeof createTaskStore>[0]);
const pageId = randomUUID();
const eventOf = (over: object = {}) => ({
  id: randomUUID(),
  type: "page.properties_updated",
  timestamp: "2026-03-01T10:00:00.000Z",
  entity: { id: pageId, type: "page" },
  ...over,
});
const signed = (body: string, secret = SECRET) => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

/** As Notion posts it; `signature` null: without one. */
async function post(to: TestApi, said: unknown, signature?: string | null) {
  const body = typeof said === "string" ? said : JSON.stringify(said);
  const header = signature === undefined ? signed(body) : signature;
  const answer = await to.fetch(PATH, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...(header !== null && { "x-notion-signature": header }) },
  });
  return answer;
}

const kept = (of: TestApi) =>
  of.sql<Record<string, unknown>>("select event_id, type, page_id, payload, handled_at from notion_events order by id");

describe("C-Q22 events of Notion", () => {
  it("an event is kept once, with the page's id in 32 digits, and waits to be looked at", async () => {
    const event = eventOf();
    expect([(await post(api, event)).body, (await post(api, event)).body]).toEqual([
      { outcome: "kept" },
      { outcome: "known" },
    ]);
    expect(await kept(api)).toEqual([
      {
        event_id: event.id,
        type: event.type,
        page_id: pageId.replaceAll("-", ""),
        payload: event,
        handled_at: null,
      },
    ]);
    expect(await store(api).waitingNotionEvents(10)).toMatchObject([{ pageId: pageId.replaceAll("-", "") }]);
  });

  it("an event about something else is taken and forgotten", async () => {
    const answer = await post(api, eventOf({ entity: { id: randomUUID(), type: "comment" } }));
    expect([answer.status, answer.body]).toEqual([200, { outcome: "ignored" }]);
  });

  it.each([
    ["no signature", null],
    ["one of another secret", signed("{}", "another-secret")],
    ["bare hex", createHmac("sha256", SECRET).update("{}").digest("hex")],
  ])("%s is 401, whatever the body says", async (_what, signature) => {
    for (const body of [eventOf(), "not json", { verification_token: TOKEN }]) {
      expect(await post(api, body, signature)).toMatchObject({ status: 401, body: { code: "UNAUTHENTICATED" } });
    }
  });

  it("without a secret nothing is genuine", async () => {
    const body = JSON.stringify(eventOf());
    for (const secret of ["", "undefined", SECRET])
      expect((await post(bare, body, signed(body, secret === "" ? "x" : secret))).status).toBe(401);
    expect(await kept(bare)).toEqual([]);
  });

  it.each([
    ["not json", "{", 400, "MALFORMED_JSON", undefined],
    ["no event", { id: "" }, 400, "VALIDATION_FAILED", "id"],
    ["a page without an id", eventOf({ entity: { id: "?", type: "page" } }), 400, "VALIDATION_FAILED", "entity.id"],
    ["too long an id", eventOf({ id: "x".repeat(101) }), 400, "VALIDATION_FAILED", "id"],
    ["a list", [], 400, "VALIDATION_FAILED", "body"],
    ["larger than an event", { text: "x".repeat(70_000) }, 413, "PAYLOAD_TOO_LARGE", undefined],
  ])("a genuine body that is wrong says what is: %s", async (_what, said, status, code, field) => {
    const answer = await post(api, said);
    expect(answer).toMatchObject({ status, body: { code } });
    if (field !== undefined) expect(answer.body.errors[0]).toMatchObject({ field, rule: expect.any(String) });
  });

  it("text that Postgres cannot keep is no error of ours", async () => {
    const answer = await post(api, eventOf({ type: "page\u0000.created", data: { note: "\u0000\ud800" } }));
    expect(answer.status).toBe(200);
  });

  it("is answered 503 while Postgres is away, so that Notion sends it again", async () => {
    await api.postgres.set("refuse");
    try {
      expect((await post(api, eventOf())).status).toBe(503);
    } finally {
      await api.postgres.set("pass");
    }
  });
});

describe("C-Q22 the handshake", () => {
  it("is kept sealed as long as there is no secret, and nobody sees its token", async () => {
    const fresh = await startTestApi();
    try {
      const answer = await post(fresh, { verification_token: TOKEN }, null);
      expect([answer.status, answer.body]).toEqual([200, { outcome: "handshake" }]);
      const rows = await kept(fresh);
      expect(rows).toMatchObject([
        { type: "verification_token", page_id: null, payload: { sealed: expect.stringMatching(/^mc1\.test\./) } },
      ]);
      expect(JSON.stringify(rows)).not.toContain(TOKEN);
    } finally {
      await fresh.close();
    }
  });

  it("without keys to seal with it is refused, and says what is missing", async () => {
    const answer = await post(bare, { verification_token: TOKEN }, null);
    expect(answer).toMatchObject({ status: 501, body: { code: "NOT_CONFIGURED" } });
    expect(answer.body.detail).toContain("CREDENTIAL_KEYS");
  });
});
