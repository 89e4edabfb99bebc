import { type Route, type RouteId, routes, SCOPES } from "@millrace/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../test-api.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ requestsPerMinute: 300 });
});
afterAll(() => api.close());

const scoped = Object.entries(routes as Record<string, Route>).filter(([, route]) => route.scope !== null) as [
  RouteId,
  Route,
][];
const open = Object.entries(routes as Record<string, Route>).filter(([, route]) => route.scope === null) as [
  RouteId,
  Route,
][];
/** Another way of proving who it is, of their own, or an answer of their own to whoever proves nothing. */
const PROVEN_OTHERWISE: ReadonlySet<string> = new Set(["receiveNotionEvent", "readLinkedTaskFile"]);
const id = "0199aaaa-0000-7000-8000-000000000000";
const params = {
  id,
  gate: "g",
  step: "video",
  folder: "characters",
  unit: "01",
  channel_id: "nature",
  name: "youtube_refresh_token",
  service: "youtube",
  pool: "nature",
  provider: "kie",
  video_id: id,
  token: "none",
};

describe("A-Q16 API keys", () => {
  it.each(scoped)("%s wants a key", async (id, { isKeyOptional }) => {
    for (const headers of [
      ...(isKeyOptional ? [] : [{}]),
      { authorization: "Bearer" },
      { authorization: "Basic dXNlcjpwdw==" },
      { authorization: "Bearer mr_wrong" },
    ]) {
      const answer = await api.call(id, { key: null, params, headers: headers as Record<string, string> });
      expect(answer.status).toBe(401);
      expect(answer.body.code).toBe("UNAUTHENTICATED");
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="millrace"');
    }
  });

  it.each(open.map(([id]) => id).filter((id) => !PROVEN_OTHERWISE.has(id)))("%s wants none", async (id) => {
    expect((await api.call(id, { key: null })).status).toBe(200);
  });

  it.each(scoped.filter(([, { isKeyOptional }]) => isKeyOptional))(
    "%s shows without a key only what is for everybody",
    async (id) => {
      expect((await api.call(id, { key: null, params })).status).toBe(404);
    },
  );

  it("whoever proves it otherwise than by a key has to", async () => {
    expect((await api.call("receiveNotionEvent", { key: null, body: {} })).status).toBe(401);
    expect((await api.call("readLinkedTaskFile", { key: null, params })).status).toBe(404);
  });

  it("a key does what its scopes say and nothing else", async () => {
    expect(scoped.length).toBeGreaterThan(8);
    for (const scope of SCOPES) {
      const { key } = await api.makeKey({ scopes: [scope] });
      for (const [id, route] of scoped) {
        const { status } = await api.call(id, { key, params });
        expect(status === 403, `${id} with ${scope}`).toBe(route.scope !== scope || route.isAdminOnly === true);
      }
    }
  });

  it("an admin key needs no scope", async () => {
    const { key } = await api.makeKey({ scopes: ["jobs:read"], isAdmin: true });
    expect((await api.call("listContent", { key })).status).toBe(200);
  });

  it("a key revoked before its first use never works", async () => {
    const { id, key } = await api.makeKey({});
    await api.revokeKey(id);
    expect((await api.call("listJobs", { key })).status).toBe(401);
  });

  it("a key that is known costs Postgres no question: it works while Postgres is away", async () => {
    const { key } = await api.makeKey({});
    expect((await api.call("listJobs", { key })).status).toBe(200);
    await api.postgres.set("refuse");
    try {
      const known = await api.call("submitJob", { key, body: { pipeline: "nobody knows", input: 1 } });
      expect(known.status).toBe(400);
      const unknown = await api.call("submitJob", { key: (await api.makeKey({})).key, body: {} });
      expect(unknown.status).toBe(503);
    } finally {
      await api.postgres.set("pass");
    }
  });
});

describe("rate limit", () => {
  it("counts by key and says when there is room again", async () => {
    const { key } = await api.makeKey({});
    let last = await api.call("listJobs", { key, query: { limit: 1 } });
    expect(last.headers.get("ratelimit-policy")).toContain("q=300");
    for (let n = 0; n < 300; n++) last = await api.call("listJobs", { key, query: { limit: "x" } });
    expect(last.status).toBe(429);
    expect(last.body.code).toBe("RATE_LIMITED");
    expect(Number(last.headers.get("retry-after"))).toBeGreaterThan(0);
    const other = await api.makeKey({});
    expect((await api.call("listJobs", { key: other.key })).status).toBe(200);
  });
});
