import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { MillraceError } from "@millrace/core";
import { type FakeYoutubeUpload, hangs, repliesWith, startFakeYoutubeUpload } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOutboundFetch } from "../../outbound/create-outbound-fetch.ts";
import { createYoutubePublisher, type YoutubePublisherOptions } from "./youtube-publisher.ts";
import { youtubeTexts } from "./youtube-texts.ts";

const HOUR = 3_600_000;
const CHUNK = 256 * 1024;
const SESSION = /^\/session\//;
const START = /^\/upload\//;
const fetch = createOutboundFetch({ userAgent: "test", allowLoopback: true });
/** Six in the evening at the Pacific. */
const clock = { now: () => new Date("2026-01-15T02:00:00Z") };
const video = randomBytes(2 * CHUNK + 1_000);
let folder: string;
let fake: FakeYoutubeUpload;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "youtube-"));
  await writeFile(join(folder, "final.mp4"), video);
  fake = await startFakeYoutubeUpload();
});
afterEach(async () => {
  await fake.stop();
  await rm(folder, { recursive: true, force: true });
});

function publisher(options: Partial<YoutubePublisherOptions> = {}) {
  const { clientId, clientSecret, url: baseUrl } = fake;
  const account = { fetch, clientId, clientSecret, baseUrl, tokenUrl: `${baseUrl}/token` };
  return createYoutubePublisher({ ...account, clock, chunkBytes: CHUNK, retryBaseMs: 1, ...options });
}

function requestOf(more: object = {}) {
  const kept: string[] = [];
  const shares: number[] = [];
  return {
    kept,
    shares,
    videoPath: join(folder, "final.mp4"),
    title: "A mill in a river",
    description: "How a mill works.",
    tags: ["mill", "river"],
    privacy: "private" as const,
    refreshToken: fake.refreshToken,
    state: null as string | null,
    keepState: async (state: string) => {
      kept.push(state);
    },
    signal: new AbortController().signal,
    progress: (share: number) => shares.push(share),
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

const chunksOf = () =>
  fake.requests.filter(({ method }) => method === "PUT").map(({ headers }) => headers["content-range"]);
const problem = (reason: string) => ({ error: { message: "no", errors: [{ reason, domain: "youtube" }] } });

describe("publishing on YouTube", () => {
  it("C2.2: sends the video in chunks and answers with its address", async () => {
    const request = requestOf();
    expect(await publisher().publish(request)).toEqual({
      videoId: "fakeVideo01",
      url: "https://www.youtube.com/watch?v=fakeVideo01",
      usage: { provider: "youtube", calls: 1, units: 1, costUsd: 0 },
    });
    const [published] = fake.videos;
    expect(published?.bytes.equals(video)).toBe(true);
    expect({ ...published, bytes: undefined }).toEqual({
      id: "fakeVideo01",
      title: "A mill in a river",
      description: "How a mill works.",
      tags: ["mill", "river"],
      privacy: "private",
      bytes: undefined,
    });
    expect(chunksOf()).toEqual([
      `bytes 0-262143/${video.length}`,
      `bytes 262144-524287/${video.length}`,
      `bytes 524288-525287/${video.length}`,
    ]);
    expect(request.kept).toEqual([
      JSON.stringify({ session: `${fake.url}/session/s1`, bytes: video.length }),
      '{"video_id":"fakeVideo01"}',
    ]);
    expect(request.shares.at(-1)).toBe(1);
    const puts = fake.requests.filter(({ method }) => method === "PUT");
    expect(puts.map(({ headers }) => headers["authorization"])).toEqual([undefined, undefined, undefined]);
  });

  it("asks for an access token once, and anew when it is refused", async () => {
    const youtube = publisher();
    await youtube.publish(requestOf());
    await youtube.publish(requestOf());
    const grants = () => fake.requests.filter(({ path }) => path === "/token").length;
    expect(grants()).toBe(1);
    fake.expireAccessTokens();
    await youtube.publish(requestOf());
    expect(grants()).toBe(2);
    expect(fake.videos).toHaveLength(3);
  });

  it("C2.8: cuts words to what YouTube takes", () => {
    const long = youtubeTexts({ title: "é".repeat(120), description: "€".repeat(3_000), tags: [] });
    expect(long).toEqual({ title: "é".repeat(100), description: "€".repeat(1_666), tags: [] });
    const texts = youtubeTexts({
      title: " <b>Mill</b>\n ",
      description: "a < b",
      tags: ["a", "a", "", "two words", "x,y", "z".repeat(490), "b"],
    });
    expect(texts).toEqual({ title: "‹b›Mill‹/b›", description: "a ‹ b", tags: ["a", "two words", "x y", "b"] });
  });
});

describe("an upload that was broken off", () => {
  it("goes on where YouTube says after a cut, without a byte twice", async () => {
    fake.interrupt(SESSION, fake.keepsAndCuts(100_000));
    await publisher().publish(requestOf());
    expect(fake.videos.map(({ bytes }) => bytes.equals(video))).toEqual([true]);
    expect(chunksOf().slice(0, 3)).toEqual([
      `bytes 0-262143/${video.length}`,
      `bytes */${video.length}`,
      `bytes 100000-362143/${video.length}`,
    ]);
  });

  it("begins at the first byte when nothing arrived, and passes over 5xx", async () => {
    fake.interrupt(SESSION, fake.keepsAndCuts(0), repliesWith(503), repliesWith(308), repliesWith(500));
    await publisher().publish(requestOf());
    expect(fake.videos.map(({ bytes }) => bytes.equals(video))).toEqual([true]);
  });

  it("is resumed by another worker in the same session", async () => {
    const stop = new AbortController();
    const first = requestOf({ signal: stop.signal });
    fake.interrupt(SESSION, fake.keepsAndCuts(CHUNK), async (exchange) => {
      await exchange.readBody();
      stop.abort(new Error("killed"));
    });
    await expect(publisher().publish(first)).rejects.toThrow("killed");
    const second = requestOf({ state: first.kept.at(-1) ?? null });
    await publisher().publish(second);
    expect(fake.videos.map(({ bytes }) => bytes.equals(video))).toEqual([true]);
    expect(fake.requests.filter(({ path }) => START.test(path))).toHaveLength(1);
    expect(second.kept).toEqual(['{"video_id":"fakeVideo01"}']);
  });

  it("C2.8: is never published twice: a finished session names its video again", async () => {
    const lost = [fake.keepsAndCuts(CHUNK), ...Array.from({ length: 8 }, () => repliesWith(500))];
    await writeFile(join(folder, "final.mp4"), video.subarray(0, CHUNK));
    fake.interrupt(SESSION, ...lost.slice(0, 4));
    const first = requestOf();
    expect(await failure(publisher().publish(first))).toMatchObject({
      code: "MEDIA_PROVIDER_FAILED",
      retry: "backoff",
    });
    const state = first.kept.at(-1) ?? null;
    const second = requestOf({ state });
    expect((await publisher().publish(second)).videoId).toBe("fakeVideo01");
    const asked = fake.requests.length;
    expect((await publisher().publish(requestOf({ state: second.kept.at(-1) }))).videoId).toBe("fakeVideo01");
    expect(fake.requests).toHaveLength(asked);
    expect(fake.videos).toHaveLength(1);
  });

  it("starts a session anew when the old one is gone or was for another file", async () => {
    const first = requestOf();
    fake.interrupt(SESSION, repliesWith(403, problem("forbidden")));
    await failure(publisher().publish(first));
    const state = first.kept.at(-1) ?? null;
    fake.forgetSessions();
    await publisher().publish(requestOf({ state }));
    await publisher().publish(requestOf({ state: JSON.stringify({ session: `${fake.url}/session/s1`, bytes: 5 }) }));
    await publisher().publish(requestOf({ state: "{" }));
    expect(fake.requests.filter(({ path }) => START.test(path))).toHaveLength(4);
    expect(fake.videos).toHaveLength(3);
  });

  it("ends after some tries when YouTube says nothing", async () => {
    fake.interrupt(SESSION, ...Array.from({ length: 4 }, () => hangs));
    const error = await failure(publisher({ timeoutMs: 100 }).publish(requestOf()));
    expect(error).toMatchObject({ code: "MEDIA_PROVIDER_FAILED", retry: "backoff" });
  });

  it("ends when YouTube has every byte and no video", async () => {
    const all = { range: `bytes=0-${video.length - 1}` };
    fake.interrupt(SESSION, ...Array.from({ length: 40 }, () => repliesWith(308, "", all)));
    expect(await failure(publisher().publish(requestOf()))).toMatchObject({ code: "MEDIA_ANSWER_INVALID" });
  });

  it("ends when YouTube keeps no byte", async () => {
    fake.interrupt(SESSION, ...Array.from({ length: 40 }, () => repliesWith(308)));
    expect(await failure(publisher().publish(requestOf()))).toMatchObject({ code: "MEDIA_ANSWER_INVALID" });
  });
});

describe("trouble at YouTube", () => {
  it.each([
    ["quotaExceeded", 403, "QUOTA_EXHAUSTED", "park", 6 * HOUR],
    ["dailyLimitExceeded", 403, "QUOTA_EXHAUSTED", "park", 6 * HOUR],
    ["uploadLimitExceeded", 400, "QUOTA_EXHAUSTED", "park", 24 * HOUR],
    ["rateLimitExceeded", 403, "MEDIA_RATE_LIMITED", "park", 60_000],
    ["forbidden", 403, "MEDIA_REFUSED", "never", undefined],
    ["invalidTitle", 400, "MEDIA_REFUSED", "never", undefined],
    ["backendError", 503, "MEDIA_PROVIDER_FAILED", "backoff", undefined],
    ["", 200, "MEDIA_ANSWER_INVALID", "backoff", undefined],
  ])("C-Q11, C2.8: %s (%i)", async (reason, status, code, retry, retryAfterMs) => {
    fake.interrupt(START, repliesWith(status, problem(reason)));
    const error = await failure(publisher().publish(requestOf()));
    expect({ code: error.code, retry: error.retry, retryAfterMs: error.retryAfterMs }).toEqual({
      code,
      retry,
      retryAfterMs,
    });
    expect(error.message).toContain(reason);
  });

  it("C2.8: revoked credentials are final", async () => {
    fake.revoke();
    const error = await failure(publisher().publish(requestOf()));
    expect(error).toMatchObject({ code: "MEDIA_REFUSED", retry: "never", details: { problem: "invalid_grant" } });
    expect(error.message).toContain("credentials revoked");
    expect(await failure(publisher().publish(requestOf({ refreshToken: null })))).toMatchObject({
      code: "MEDIA_REFUSED",
    });
    const client = await failure(publisher({ clientSecret: "GOCSPX-another" }).publish(requestOf()));
    expect(client).toMatchObject({ code: "MEDIA_REFUSED" });
  });

  it("an access token refused twice is final", async () => {
    fake.interrupt(START, repliesWith(401, problem("authError")), repliesWith(401, problem("authError")));
    expect(await failure(publisher().publish(requestOf()))).toMatchObject({ code: "MEDIA_REFUSED", retry: "never" });
  });

  it.each([
    ["a page", repliesWith(200, "<html>"), "MEDIA_ANSWER_INVALID"],
    ["a 500", repliesWith(500, ""), "MEDIA_PROVIDER_FAILED"],
  ])("the token endpoint answers with %s", async (_, reply, code) => {
    fake.interrupt(/token/, reply);
    expect(await failure(publisher().publish(requestOf()))).toMatchObject({ code, retry: "backoff" });
  });

  it("never shows a secret, even when it is repeated", async () => {
    const { clientSecret, refreshToken } = fake;
    const echo = { error: "invalid_grant", error_description: `${clientSecret} ${refreshToken}` };
    fake.interrupt(/token/, repliesWith(400, echo));
    fake.interrupt(START, repliesWith(400, { error: { message: `${refreshToken} access-1`, errors: [] } }));
    for (let round = 0; round < 2; round++) {
      const shown = inspect(await failure(publisher().publish(requestOf())), { depth: 12, showHidden: true });
      for (const secret of [clientSecret, refreshToken, "access-1"]) expect(shown).not.toContain(secret);
    }
  });

  it("an empty title or video is refused before anything is sent", async () => {
    expect(await failure(publisher().publish(requestOf({ title: " \n" })))).toMatchObject({ code: "MEDIA_REFUSED" });
    await writeFile(join(folder, "final.mp4"), "");
    expect(await failure(publisher().publish(requestOf()))).toMatchObject({ code: "MEDIA_REFUSED" });
    expect(fake.requests).toEqual([]);
  });
});
