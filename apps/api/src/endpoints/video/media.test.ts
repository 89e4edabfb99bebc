import { createHash } from "node:crypto";
import { libraryKeys } from "@millrace/providers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../../test-api.fixture.ts";
import { makeChannel, makeTask } from "./video.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const BYTES = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 251));
const SHA256 = createHash("sha256").update(BYTES).digest("hex");

/** The task has this unit, as if its step had made it. */
async function makeUnit(taskId: string, step: string, unit: string, mediaType: string): Promise<string> {
  const key = `${api.ownerId}/video/${taskId}/${step}/${unit}.bin`;
  await api.blobs.put(key, BYTES);
  await api.sql(
    `insert into task_units (task_id, step, unit, input_hash, blob_key, media_type, sha256, bytes, seconds)
     values ($1::uuid, $2, $3, $4, $5, $6, $4, $7::int, 5)`,
    [taskId, step, unit, SHA256, key, mediaType, BYTES.length],
  );
  return key;
}

async function bytesOf(path: string, headers: Record<string, string> = {}, method = "GET") {
  const response = await fetch(api.url + path, {
    method,
    headers: { authorization: `Bearer ${api.keys.own}`, ...headers },
  });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

describe("what a task's steps have made", () => {
  it("C-Q24 lies in the own store: listed, and read whole or in parts", async () => {
    const { id } = await makeTask(api, await makeChannel(api));
    await makeUnit(id, "assets", "characters/01", "image/png");
    await makeUnit(id, "video", "07", "video/mp4");
    const { body } = await api.call("listTaskUnits", { params: { id } });
    const urls: string[] = body.units.map(({ url }: { url: string }) => url);
    expect(urls.sort()).toEqual([
      `/api/v1/tasks/${id}/units/assets/characters/01`,
      `/api/v1/tasks/${id}/units/video/07`,
    ]);
    expect(body.units[0]).toMatchObject({ bytes: 1_000, sha256: SHA256, take: 1, is_rejected: false, seconds: 5 });

    const [image = "", clip = ""] = urls;
    const whole = await bytesOf(image);
    expect(whole.status).toBe(200);
    expect(whole.bytes).toEqual(BYTES);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      "content-type": "image/png",
      "content-length": "1000",
      "accept-ranges": "bytes",
      etag: `"${SHA256}"`,
      "x-content-type-options": "nosniff",
    });
    const part = await bytesOf(clip, { range: "bytes=100-199" });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe("bytes 100-199/1000");
    expect(part.headers.get("content-type")).toBe("video/mp4");
    expect(part.bytes).toEqual(BYTES.subarray(100, 200));
    const after = await bytesOf(clip, { range: "bytes=1000-" });
    expect(after.status).toBe(416);
    expect(after.headers.get("content-range")).toBe("bytes */1000");
    expect((await bytesOf(clip, { "if-none-match": `"${SHA256}"` })).status).toBe(304);
    expect((await bytesOf(clip, { range: "bytes=0-1", "if-range": '"older"' })).status).toBe(200);
    const head = await bytesOf(clip, {}, "HEAD");
    expect({ status: head.status, length: head.headers.get("content-length"), bytes: head.bytes.length }).toEqual({
      status: 200,
      length: "1000",
      bytes: 0,
    });
  });

  it("is the owner's, and says what is missing", async () => {
    const { id } = await makeTask(api, await makeChannel(api));
    const key = await makeUnit(id, "video", "07", "text/html");
    const asked = { params: { id, step: "video", unit: "07" } };
    expect((await api.call("readTaskUnit", { ...asked, key: api.keys.foreign })).status).toBe(404);
    const { status, headers } = await api.call("readTaskUnit", asked);
    expect({ status, type: headers.get("content-type") }).toEqual({ status: 200, type: "application/octet-stream" });
    expect((await api.call("readTaskUnit", { params: { id, step: "video", unit: "08" } })).status).toBe(404);
    expect((await api.call("readTaskUnit", { params: { id, step: "poster", unit: "07" } })).status).toBe(404);
    const up = { params: { id, step: "video", folder: "..", unit: "07" } };
    expect((await api.call("readTaskUnitInFolder", up)).status).toBe(404);
    await api.blobs.delete(key);
    expect((await api.call("readTaskUnit", asked)).body).toMatchObject({ code: "BLOB_MISSING" });
  });

  it("C-Q24 is shown to whoever has a signed address, for some time, as long as it is the same", async () => {
    const { id } = await makeTask(api, await makeChannel(api));
    await makeUnit(id, "video", "07", "video/mp4");
    const ask = (body: Record<string, unknown>, key = api.keys.own) =>
      api.call("createTaskFileLink", { params: { id }, body: body as never, key });
    const { status, body } = await ask({ step: "video", unit: "07", expires_in_hours: 1 });
    expect(status).toBe(201);
    expect(Date.parse(body.expires_at)).toBeGreaterThan(Date.now());
    const shown = await fetch(body.url, { headers: { range: "bytes=0-9" } });
    expect(shown.status).toBe(206);
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(BYTES.subarray(0, 10));
    const path = new URL(body.url).pathname;
    expect((await api.fetch(`${path.slice(0, -4)}AAAA`)).status).toBe(404);
    expect((await ask({ step: "video", unit: "08" })).body.errors).toMatchObject([{ field: "unit", rule: "known" }]);
    expect((await ask({ step: "video", unit: "07" }, api.keys.foreign)).status).toBe(404);
    await api.sql("update task_units set sha256 = repeat('0', 64) where task_id = $1::uuid", [id]);
    expect((await api.fetch(path)).status).toBe(404);
  });

  it("ends in a video", async () => {
    const { id } = await makeTask(api, await makeChannel(api));
    expect((await api.call("readTaskVideo", { params: { id } })).status).toBe(404);
    const key = await makeUnit(id, "assembly", "final", "video/mp4");
    await api.sql("update tasks set final_video_path = $2 where id = $1::uuid", [id, key]);
    const { status, bytes } = await bytesOf(`/api/v1/tasks/${id}/video`, { range: "bytes=-10" });
    expect(status).toBe(206);
    expect(bytes).toEqual(BYTES.subarray(990));
  });
});

describe("what it cost", () => {
  it("is told by call, and summed by channel, component and period", async () => {
    const channel = await makeChannel(api);
    const { id, channel_id } = await makeTask(api, channel);
    for (const [component, cost] of [
      ["gemini_assets", "0.068"],
      ["gemini_assets", "0.068"],
      ["kie_video", null],
    ]) {
      await api.sql(
        `insert into task_costs (task_id, channel_id, run_no, component, step, provider, cost_usd, api_calls, units)
         values ($1::uuid, $2::uuid, 1, $3, 'assets', 'gemini', $4::numeric, 1, 1)`,
        [id, channel_id, component ?? "", cost ?? null],
      );
    }
    const { body } = await api.call("listTaskCosts", { params: { id } });
    expect(body).toMatchObject({ total_cost_usd: 0.136 });
    expect(body.costs).toHaveLength(3);
    const { body: report } = await api.call("readCosts", { query: { channel, by: "month" } });
    expect(report).toMatchObject({ by: "month", total_cost_usd: 0.136 });
    expect(report.costs).toContainEqual(
      expect.objectContaining({ channel, component: "kie_video", unpriced: 1, tasks: 1, cost_usd: 0 }),
    );
    expect((await api.call("readCosts", { query: { channel }, key: api.keys.foreign })).status).toBe(404);
    expect((await api.call("readCosts", { key: api.keys.foreign })).body.costs).toEqual([]);
    const backwards = { from: "2026-02-01", to: "2026-01-01" };
    expect((await api.call("readCosts", { query: backwards })).body.errors).toMatchObject([{ field: "from" }]);
  });
});

describe("the library", () => {
  async function publish(privacy: "private" | "unlisted" | "public", title = "Bees & <co>"): Promise<string> {
    const { id } = await makeTask(api, await makeChannel(api));
    const video_id = crypto.randomUUID();
    const keys = libraryKeys(api.ownerId, video_id);
    await api.blobs.put(keys.video, BYTES);
    const size = { duration_seconds: 90, width: 1920, height: 1080, bytes: BYTES.length };
    const words = { video_id, title, description: "How <b>bees</b> find home", tags: ["bees"], privacy };
    await api.blobs.put(keys.entry, JSON.stringify({ ...words, ...size, published_at: "2026-11-22T10:00:00.000Z" }));
    await api.sql("update tasks set youtube_url = $2 where id = $1::uuid", [id, `/library/${video_id}`]);
    return video_id;
  }

  it("lists the owner's videos, newest first", async () => {
    const [first, second] = [await publish("private"), await publish("public")];
    const { body } = await api.call("listLibrary", { query: { limit: 1 } });
    expect(body.videos).toMatchObject([{ video_id: second, privacy: "public", page: `/library/${second}` }]);
    const { body: next } = await api.call("listLibrary", { query: { limit: 1, cursor: body.next_cursor } });
    expect(next.videos).toMatchObject([{ video_id: first }]);
    expect((await api.call("listLibrary", { key: api.keys.foreign })).body.videos).toEqual([]);
    expect((await api.call("listLibrary", { key: null })).status).toBe(401);
  });

  it("shows public and unlisted ones to everybody, private ones to their owner only", async () => {
    for (const privacy of ["public", "unlisted", "private"] as const) {
      const params = { video_id: await publish(privacy) };
      const seen = privacy === "private" ? 404 : 200;
      for (const id of ["readLibraryVideo", "downloadLibraryVideo"] as const) {
        expect((await api.call(id, { params, key: null })).status, privacy).toBe(seen);
        expect((await api.call(id, { params, key: api.keys.foreign })).status, privacy).toBe(seen);
        expect((await api.call(id, { params })).status, privacy).toBe(200);
      }
      const page = await fetch(`${api.url}/library/${params.video_id}`);
      expect(page.status).toBe(seen);
      expect((await fetch(`${api.url}/library/${params.video_id}/video.mp4`)).status).toBe(seen);
    }
    const params = { video_id: crypto.randomUUID() };
    expect((await api.call("readLibraryVideo", { params, key: null })).status).toBe(404);
    expect((await api.call("readLibraryVideo", { params, key: "mr_wrong" })).status).toBe(401);
  });

  it("has a page for browsers that runs nothing and shows words as words", async () => {
    const video_id = await publish("unlisted");
    const response = await fetch(`${api.url}/library/${video_id}`);
    const html = await response.text();
    expect(html).toContain(`src="/library/${video_id}/video.mp4"`);
    expect(html).toContain("Bees &amp; &lt;co&gt;");
    expect(html).not.toContain("<b>bees");
    const policy = response.headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("script-src");
    expect(response.headers.get("x-robots-tag")).toBe("noindex");
    const part = await fetch(`${api.url}/library/${video_id}/video.mp4`, { headers: { range: "bytes=0-9" } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(BYTES.subarray(0, 10));
    expect((await fetch(`${api.url}/library/x`)).status).toBe(404);
  });
});
