import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../../test-api.fixture.ts";
import { CHANNEL, makeChannel, makeTask } from "./video.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const put = (channel_id: string, body: Record<string, unknown>, key = api.keys.own) =>
  api.call("putVideoChannel", { params: { channel_id }, body: body as never, key });

describe("channels of videos", () => {
  it("C-S41 are made and changed with the fields of their file; their uuid stays", async () => {
    const fields = { ...CHANNEL, weight: 2, max_concurrent: 3, quota_pool: "google", gates: { assets: "off" } };
    const notion_database_id = "8D2F1A00-1111-2222-3333-44445555666F";
    const { status, body } = await put("nature", { channel_id: "nature", ...fields, notion_database_id });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      channel_id: "nature",
      weight: 2,
      max_concurrent: 3,
      quota_pool: "google",
      source: "api",
      is_active: true,
      fields: { gates: { assets: "off" }, notion_database_id: "8d2f1a0011112222333344445555666f" },
    });
    const again = { ...body.fields, weight: 5 };
    expect((await put("nature", again)).body).toMatchObject({ fields: again });
    const { body: changed } = await put("nature", { ...CHANNEL, channel_name: "Nature", is_active: false });
    expect(changed).toMatchObject({ id: body.id, channel_name: "Nature", is_active: false, quota_pool: "nature" });
    const { body: list } = await api.call("listVideoChannels");
    expect(list.channels).toMatchObject([{ id: body.id }]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["without a name", { notion_database_id: null }, "channel_name"],
    ["with another id", { ...CHANNEL, channel_id: "other" }, "channel_id"],
    ["with 11 at a time", { ...CHANNEL, max_concurrent: 11 }, "max_concurrent"],
    ["with a path out of its folder", { ...CHANNEL, branding: { intro: "../x" } }, "branding.intro"],
  ])("C2.6 are refused %s", async (_name, body, field) => {
    const answer = await put("wrong", body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([{ field }]);
  });

  it("C2.6 tell how busy they are", async () => {
    const channel_id = await makeChannel(api, { max_concurrent: 1 });
    const { job } = await makeTask(api, channel_id, { queue: true });
    await makeTask(api, channel_id, { queue: true });
    const load = async () => (await api.call("readVideoChannel", { params: { channel_id } })).body;
    expect(await load()).toMatchObject({ pending: 2, in_progress: 0, has_capacity: true });
    await api.claim(job.id);
    expect(await load()).toMatchObject({ pending: 1, in_progress: 1, has_capacity: false });
  });

  it("are their owner's, and their ids nobody else's", async () => {
    const channel_id = await makeChannel(api);
    const params = { channel_id };
    expect((await api.call("readVideoChannel", { params, key: api.keys.foreign })).status).toBe(404);
    expect((await api.call("deleteVideoChannel", { params, key: api.keys.foreign })).status).toBe(404);
    expect((await put(channel_id, CHANNEL, api.keys.foreign)).status).toBe(409);
    const { body } = await put(channel_id, { ...CHANNEL, weight: 3 }, api.keys.admin);
    expect(body).toMatchObject({ weight: 3, owner_id: api.ownerId });
  });

  it("C-S02 are not deleted while they have tasks", async () => {
    const channel_id = await makeChannel(api);
    const { id } = await makeTask(api, channel_id);
    expect((await api.call("deleteVideoChannel", { params: { channel_id } })).status).toBe(409);
    await api.call("deleteTask", { params: { id } });
    expect((await api.call("deleteVideoChannel", { params: { channel_id } })).status).toBe(204);
    expect((await api.call("readVideoChannel", { params: { channel_id } })).status).toBe(404);
  });

  it("are not changed here when a file describes them", async () => {
    const channel_id = await makeChannel(api);
    await api.sql("update channels set source = 'file' where channel_id = $1", [channel_id]);
    expect((await put(channel_id, CHANNEL)).status).toBe(409);
  });
});

describe("credentials of channels", () => {
  it("C2.6 are kept sealed and shown to nobody", async () => {
    const channel_id = await makeChannel(api);
    const name = "youtube_refresh_token";
    const secret = "1//0-very-secret";
    const kept = await api.call("putVideoChannelCredential", {
      params: { channel_id, name },
      body: { value: secret },
    });
    expect(kept.status).toBe(204);
    const { body } = await api.call("readVideoChannel", { params: { channel_id } });
    expect(body.credentials).toEqual([name]);
    const rows = await api.sql("select * from channel_credentials");
    expect(rows).toMatchObject([{ name, sealed: expect.stringMatching(/^mc1\.test\./) }]);
    const shown = JSON.stringify([body, rows, await api.audits()]);
    expect(shown).not.toContain(secret);
    expect(await api.audits()).toContainEqual(
      expect.objectContaining({ event: "audit.credential", details: { channel_id, name, act: "set" } }),
    );
    await api.call("deleteVideoChannelCredential", { params: { channel_id, name } });
    expect((await api.call("readVideoChannel", { params: { channel_id } })).body.credentials).toEqual([]);
  });

  it("are refused where they cannot be kept", async () => {
    const channel_id = await makeChannel(api);
    const set = (name: string, value: string, key = api.keys.own) =>
      api.call("putVideoChannelCredential", { params: { channel_id, name }, body: { value }, key });
    expect((await set("token", "")).body.errors).toMatchObject([{ field: "value" }]);
    expect((await set("token", "ü".repeat(16_000))).body.errors).toMatchObject([
      { field: "value", rule: "not_sealable" },
    ]);
    expect((await set("No-Name", "x")).status).toBe(404);
    expect((await set("token", "x", api.keys.foreign)).status).toBe(404);
  });

  it("need a key to seal them with", async () => {
    const bare = await startTestApi({}, undefined, { hasCredentialKey: false });
    try {
      const channel_id = await makeChannel(bare);
      const params = { channel_id, name: "token" };
      const { status, body } = await bare.call("putVideoChannelCredential", { params, body: { value: "x" } });
      expect(status).toBe(501);
      expect(body).toMatchObject({ code: "NOT_CONFIGURED", detail: expect.stringContaining("CREDENTIAL_KEYS") });
    } finally {
      await bare.close();
    }
  });
});
