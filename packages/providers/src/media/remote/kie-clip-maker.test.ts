import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { MillraceError } from "@millrace/core";
import {
  type FakeKie,
  hangs,
  isCut,
  type KieOptions,
  repliesWith,
  sampleMp4,
  samplePng,
  startFakeKie,
  startFakeProvider,
  until,
} from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOutboundFetch } from "../../outbound/create-outbound-fetch.ts";
import { createKieClipMaker, type KieClipMakerOptions } from "./kie-clip-maker.ts";
import { createFormUpload, createKieUpload } from "./upload-image.ts";

const CREATE = /createTask$/;
const LOOK = /recordInfo$/;
const FILES = /^\/files\//;
const fetch = createOutboundFetch({ userAgent: "test", allowLoopback: true });
const stops: (() => Promise<unknown>)[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kie-"));
  await writeFile(join(folder, "still.png"), samplePng());
});
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
  await rm(folder, { recursive: true, force: true });
});

async function kie(options: KieOptions = {}): Promise<FakeKie> {
  const fake = await startFakeKie(options);
  stops.push(fake.stop);
  return fake;
}

function maker(fake: FakeKie, options: Partial<KieClipMakerOptions> = {}) {
  const { apiKey, url: baseUrl } = fake;
  const uploadImage = createKieUpload({ fetch, apiKey: options.apiKey ?? apiKey, baseUrl });
  return createKieClipMaker({ fetch, apiKey, baseUrl, uploadImage, pollMs: 1, ...options });
}

/** A call, with what it kept and how far it said it was. */
function callOf(more: { seconds?: number; state?: string; signal?: AbortSignal; prompt?: string } = {}) {
  const kept: string[] = [];
  const shares: number[] = [];
  return {
    kept,
    shares,
    imagePath: join(folder, "still.png"),
    outputPath: join(folder, "01.mp4"),
    prompt: "A river rises. Slow push in.",
    seconds: 10,
    signal: new AbortController().signal,
    progress: (share: number) => shares.push(share),
    keepState: async (state: string) => {
      kept.push(state);
    },
    ...more,
  };
}

async function failure(promise: Promise<unknown>): Promise<MillraceError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MillraceError);
  return error as MillraceError;
}

describe("a clip by KIE", () => {
  it("C2.2: is ordered with the uploaded still, looked at through all states, and saved", async () => {
    const fake = await kie();
    const call = callOf({ seconds: 7 });
    const clip = await maker(fake, { negativePrompt: "blur" }).makeClip(call);
    expect(clip).toEqual({
      path: call.outputPath,
      mediaType: "video/mp4",
      bytes: sampleMp4(10.04).length,
      seconds: 10.04,
      usage: { provider: "kie", calls: 1, units: 10, costUsd: 0.42 },
    });
    expect(await readFile(call.outputPath)).toEqual(sampleMp4(10.04));
    const order = fake.requests.find(({ path }) => CREATE.test(path));
    expect(JSON.parse(String(order?.body))).toEqual({
      model: "kling/v2-5-turbo-image-to-video-pro",
      input: {
        prompt: call.prompt,
        image_url: expect.stringMatching(/\/files\/[0-9a-f]{40}\.png$/),
        duration: "10",
        negative_prompt: "blur",
      },
    });
    expect(call.kept).toEqual(['{"task_id":"task_1"}']);
    expect(call.shares.at(-1)).toBe(1);
    expect(call.shares).toEqual([...call.shares].sort((a, b) => a - b));
    expect((await readdir(folder)).sort()).toEqual(["01.mp4", "still.png"]);
  });

  it("of up to five seconds costs half; of an unknown model's price nobody knows", async () => {
    const fake = await kie({ states: ["success"] });
    expect((await maker(fake).makeClip(callOf({ seconds: 4 }))).usage).toMatchObject({ units: 5, costUsd: 0.21 });
    expect((await maker(fake, { model: "kling/v9" }).makeClip(callOf())).usage.costUsd).toBeNull();
    const prices = { "kling/v9": 0.1 };
    expect((await maker(fake, { model: "kling/v9", prices }).makeClip(callOf())).usage.costUsd).toBe(1);
  });

  it("sends the key to KIE and not to where the clip lies", async () => {
    const fake = await kie({ states: ["success"] });
    await maker(fake).makeClip(callOf());
    const download = fake.requests.find(({ path }) => FILES.test(path));
    expect(download?.headers["authorization"]).toBeUndefined();
  });

  it("is refused before it costs anything when it is too long or without words", async () => {
    const fake = await kie();
    for (const wrong of [{ seconds: 11 }, { seconds: 0 }, { prompt: " " }, { prompt: "x".repeat(2_501) }]) {
      const error = await failure(maker(fake).makeClip(callOf(wrong)));
      expect(error).toMatchObject({ code: "MEDIA_REFUSED", retry: "never" });
    }
    expect(fake.requests).toEqual([]);
  });

  it("can have its still at another host", async () => {
    const fake = await kie({ states: ["success"] });
    const host = await startFakeProvider(repliesWith(200, "https://files.example/abc.png\n"));
    stops.push(host.stop);
    await maker(fake, { uploadImage: createFormUpload({ fetch, url: host.url }) }).makeClip(callOf());
    expect(host.requests[0]?.body.toString("latin1")).toMatch(
      /name="reqtype"\r\n\r\nfileupload[\s\S]*name="fileToUpload"/,
    );
    expect([...fake.orders.values()][0]?.image_url).toBe("https://files.example/abc.png");
    host.interrupt(/./, repliesWith(200, "No files given"), repliesWith(412, "Invalid uploader"));
    const upload = createFormUpload({ fetch, url: host.url });
    const image = { path: join(folder, "still.png"), signal: new AbortController().signal };
    expect(await failure(upload(image))).toMatchObject({ code: "MEDIA_ANSWER_INVALID" });
    expect(await failure(upload(image))).toMatchObject({ code: "MEDIA_REFUSED" });
  });
});

describe("an order that an earlier try placed", () => {
  it("C2.2: is waited for and not paid for again after the worker was killed", async () => {
    const fake = await kie({ states: ["generating"] });
    const call = callOf();
    const stop = new AbortController();
    const killed = maker(fake).makeClip({ ...call, signal: stop.signal });
    await until(() => call.shares.length > 2);
    stop.abort(new Error("killed"));
    await expect(killed).rejects.toThrow("killed");
    expect(fake.orders.size).toBe(1);

    // The killed worker's last look may still be on its way and take one of these.
    const finished = repliesWith(200, done(`${fake.url}/files/task_1`));
    fake.interrupt(LOOK, finished, finished, finished);
    const clip = await maker(fake).makeClip(callOf({ state: call.kept.at(-1) ?? "" }));
    expect(clip.usage.costUsd).toBe(0.42);
    expect(fake.orders.size).toBe(1);
  });

  it("goes on after the time limit of a try", async () => {
    const fake = await kie({ states: ["generating"] });
    const call = callOf();
    const error = await failure(maker(fake, { timeoutMs: 60, pollMs: 20 }).makeClip(call));
    expect(error).toMatchObject({ code: "MEDIA_PROVIDER_FAILED", retry: "backoff" });
    expect(call.kept).toEqual(['{"task_id":"task_1"}']);
  });

  it("is placed anew when KIE knows it no more, or has removed its clip", async () => {
    const fake = await kie({ states: ["success"] });
    const call = callOf({ state: '{"task_id":"task_of_long_ago"}' });
    await maker(fake).makeClip(call);
    expect(call.kept).toEqual(['{"task_id":"task_1"}']);
    fake.interrupt(FILES, repliesWith(404));
    await maker(fake).makeClip(callOf({ state: call.kept[0] ?? "" }));
    expect(fake.orders.size).toBe(2);
  });

  it("is kept when the download fails, and forgotten when KIE gives up", async () => {
    const fake = await kie({ states: ["success"] });
    fake.interrupt(FILES, repliesWith(404));
    const call = callOf();
    expect(await failure(maker(fake).makeClip(call))).toMatchObject({ code: "MEDIA_PROVIDER_FAILED" });
    expect(call.kept).toEqual(['{"task_id":"task_1"}']);
    await maker(fake).makeClip(callOf({ state: call.kept[0] ?? "" }));
    expect(fake.orders.size).toBe(1);

    const failing = await kie({ states: ["generating", "fail"] });
    const lost = callOf();
    expect(await failure(maker(failing).makeClip(lost))).toMatchObject({
      code: "MEDIA_PROVIDER_FAILED",
      retry: "backoff",
    });
    expect(lost.kept.at(-1)).toBe("");
  });

  it.each(["", "{", '{"task_id":7}', "null"])("is placed when the state is %j", async (state) => {
    const fake = await kie({ states: ["success"] });
    await maker(fake).makeClip(callOf({ state }));
    expect(fake.orders.size).toBe(1);
  });
});

describe("trouble at KIE", () => {
  it.each([
    ["a refused key", repliesWith(200, { code: 401, msg: "no access" }), "MEDIA_REFUSED", "never", undefined],
    ["no credits", repliesWith(200, { code: 402, msg: "Credits insufficient" }), "QUOTA_EXHAUSTED", "park", 900_000],
    ["the key's own limit", repliesWith(200, { code: 433, msg: "limit" }), "QUOTA_EXHAUSTED", "park", 900_000],
    ["a bad parameter", repliesWith(200, { code: 422, msg: "duration" }), "MEDIA_REFUSED", "never", undefined],
    ["too many orders", repliesWith(200, { code: 429, msg: "slow" }), "MEDIA_RATE_LIMITED", "park", 30_000],
    ["a 429 with a time", repliesWith(429, "", { "retry-after": "7" }), "MEDIA_RATE_LIMITED", "park", 7_000],
    ["maintenance", repliesWith(200, { code: 455, msg: "later" }), "MEDIA_PROVIDER_FAILED", "backoff", undefined],
    ["its own failure", repliesWith(200, { code: 500, msg: "oops" }), "MEDIA_PROVIDER_FAILED", "backoff", undefined],
    ["a 503", repliesWith(503, "", { "retry-after": "9" }), "MEDIA_PROVIDER_FAILED", "backoff", 9_000],
    ["a page", repliesWith(200, "<html>hi</html>"), "MEDIA_ANSWER_INVALID", "backoff", undefined],
    ["no task", repliesWith(200, { code: 200, data: {} }), "MEDIA_ANSWER_INVALID", "backoff", undefined],
    ["a flood", repliesWith(200, "x".repeat(1_000_001)), "MEDIA_ANSWER_INVALID", "backoff", undefined],
    ["a cut connection", isCut, "MEDIA_PROVIDER_FAILED", "backoff", undefined],
    ["silence", hangs, "MEDIA_PROVIDER_FAILED", "backoff", undefined],
  ])("C2.8: %s when ordering", async (_, reply, code, retry, retryAfterMs) => {
    const fake = await kie();
    fake.interrupt(CREATE, reply);
    const call = callOf();
    const requestMs = reply === hangs ? 100 : 30_000;
    const error = await failure(maker(fake, { requestMs }).makeClip(call));
    expect({ code: error.code, retry: error.retry, retryAfterMs: error.retryAfterMs }).toEqual({
      code,
      retry,
      retryAfterMs,
    });
    expect(error.message).toMatch(/^kie /);
    expect(call.kept).toEqual([]);
  });

  it("that passes while a clip is waited for costs only time", async () => {
    const fake = await kie();
    const trouble = [
      repliesWith(502),
      isCut,
      repliesWith(200, "?"),
      repliesWith(200, { code: 422, msg: "recordInfo is null" }),
    ];
    fake.interrupt(LOOK, ...trouble);
    await maker(fake).makeClip(callOf());
    expect(fake.orders.size).toBe(1);
  });

  it("that does not pass while a clip is waited for ends the try", async () => {
    const fake = await kie();
    fake.interrupt(LOOK, repliesWith(200, { code: 401, msg: "revoked" }));
    expect(await failure(maker(fake).makeClip(callOf()))).toMatchObject({ code: "MEDIA_REFUSED" });
  });

  it.each([
    ["422", "Your prompt was flagged by Website as violating content policies.", "MEDIA_REFUSED", "never"],
    ["500", "The image contains sensitive content", "MEDIA_REFUSED", "never"],
    ["400", "image size", "MEDIA_REFUSED", "never"],
    ["451", "could not fetch the image", "MEDIA_PROVIDER_FAILED", "backoff"],
    ["501", "generation failed", "MEDIA_PROVIDER_FAILED", "backoff"],
  ])("a task that failed with %s: %s", async (failCode, failMsg, code, retry) => {
    const fake = await kie({ states: ["fail"], failCode, failMsg });
    const error = await failure(maker(fake).makeClip(callOf()));
    expect(error).toMatchObject({ code, retry });
    expect(error.message).toContain(failMsg);
  });

  it.each([
    ["says success and no address", repliesWith(200, { code: 200, data: { state: "success", resultJson: "{}" } })],
    ["says something else", repliesWith(200, { code: 200, data: { state: "melted" } })],
    ["names an address that is none", repliesWith(200, done("file:///etc/passwd"))],
  ])("a task that %s", async (_, reply) => {
    const fake = await kie();
    fake.interrupt(LOOK, reply);
    expect(await failure(maker(fake).makeClip(callOf()))).toMatchObject({ code: "MEDIA_ANSWER_INVALID" });
  });

  it("a clip inside the network is not fetched", async () => {
    const fake = await kie();
    fake.interrupt(LOOK, repliesWith(200, done("http://169.254.169.254/latest/clip.mp4")));
    expect(await failure(maker(fake).makeClip(callOf()))).toMatchObject({ code: "MEDIA_REFUSED", retry: "never" });
  });

  it("a clip that is no MP4, or is cut, leaves no file", async () => {
    const fake = await kie({ states: ["success"] });
    fake.interrupt(FILES, repliesWith(200, "<html>"), isCut);
    expect(await failure(maker(fake).makeClip(callOf()))).toMatchObject({ code: "MEDIA_ANSWER_INVALID" });
    expect(await failure(maker(fake).makeClip(callOf()))).toMatchObject({ code: "MEDIA_PROVIDER_FAILED" });
    expect(await readdir(folder)).toEqual(["still.png"]);
  });

  it("never shows the key, even when KIE repeats it", async () => {
    const fake = await kie();
    const echo = repliesWith(401, { code: 401, msg: `bad key ${fake.apiKey}` });
    fake.interrupt(CREATE, echo, repliesWith(200, { code: 429, msg: fake.apiKey }), isCut);
    fake.interrupt(/upload$/, repliesWith(500, { code: 500, msg: `Bearer ${fake.apiKey}` }));
    for (let round = 0; round < 4; round++) {
      const error = await failure(maker(fake).makeClip(callOf()));
      expect(inspect(error, { depth: 12, showHidden: true })).not.toContain(fake.apiKey);
    }
  });

  it("an image that is none is refused", async () => {
    await writeFile(join(folder, "still.png"), "not an image");
    const error = await failure(maker(await kie()).makeClip(callOf()));
    expect(error).toMatchObject({ code: "MEDIA_REFUSED" });
  });
});

function done(url: string): object {
  return { code: 200, msg: "success", data: { state: "success", resultJson: JSON.stringify({ resultUrls: [url] }) } };
}
