import { describe, expect, test } from "vitest";
import { createOutboundFetch } from "../outbound/create-outbound-fetch.ts";
import { createYoutube } from "./create-youtube.ts";
import {
  type Answers,
  now,
  PLAYER,
  player,
  signal,
  TIMED_TEXT,
  TRACKS,
  VIDEO,
  youtubeWith,
} from "./replayed-youtube.contract.ts";

describe("transcript (A2.3 #3)", () => {
  test("reads the written captions of the wanted language with their times", async () => {
    const { youtube, asked } = await youtubeWith({
      [PLAYER]: () => ({ body: player() }),
      "/api/timedtext": () => ({ body: TIMED_TEXT }),
    });
    const transcript = await youtube.transcript(VIDEO, { language: "en", signal });
    expect(transcript).toEqual({
      language: "en",
      segments: [
        { startSeconds: 1.5, text: "Queues are lists\nof promises." },
        { startSeconds: 62, text: "They must be kept." },
      ],
    });
    expect(JSON.parse(asked[0]!.body)).toMatchObject({
      videoId: VIDEO,
      context: { client: { clientName: "ANDROID" } },
    });
    expect(new URL(asked[1]!.path, "http://x").searchParams.get("fmt")).toBe("json3");
    expect(asked[1]!.path).not.toContain("kind=asr");
  });

  test("takes English when the wanted language is missing, and any language before none", async () => {
    const { youtube } = await youtubeWith({
      [PLAYER]: ({ body }) => ({ body: player(body.includes(VIDEO) ? TRACKS : TRACKS.slice(0, 1)) }),
      "/api/timedtext": () => ({ body: TIMED_TEXT }),
    });
    expect((await youtube.transcript(VIDEO, { language: "fr", signal })).language).toBe("en");
    expect((await youtube.transcript("AAAAAAAAAAA", { language: "fr", signal })).language).toBe("de");
  });

  test.each([
    ["no captions", { [PLAYER]: () => ({ body: player([]) }) }],
    [
      "captions without words",
      { [PLAYER]: () => ({ body: player() }), "/api/timedtext": () => ({ body: { events: [] } }) },
    ],
    ["an empty answer", { [PLAYER]: () => ({ body: player() }), "/api/timedtext": () => ({ body: "" }) }],
    [
      "an answer that is no JSON",
      { [PLAYER]: () => ({ body: player() }), "/api/timedtext": () => ({ body: "<xml>" }) },
    ],
  ] as [string, Answers][])("is TRANSCRIPT_UNAVAILABLE for good with %s", async (_, answers) => {
    const { youtube } = await youtubeWith(answers);
    const error = await youtube.transcript(VIDEO, { language: "en", signal }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "TRANSCRIPT_UNAVAILABLE", retry: "never" });
  });

  test.each([
    ["ERROR", "This video has been removed by the uploader"],
    ["LOGIN_REQUIRED", "This is a private video"],
    ["UNPLAYABLE", "The uploader has not made this video available in your country"],
  ])("is VIDEO_UNAVAILABLE for good when the player says %s, in YouTube's words", async (status, reason) => {
    const { youtube } = await youtubeWith({ [PLAYER]: () => ({ body: { playabilityStatus: { status, reason } } }) });
    const error = await youtube.transcript(VIDEO, { language: "en", signal }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: "VIDEO_UNAVAILABLE",
      retry: "never",
      message: expect.stringContaining(reason),
    });
  });

  test.each([
    [429, "backoff"],
    [503, "backoff"],
    [403, "never"],
  ])("is URL_HTTP_ERROR when YouTube answers %s, retry %s", async (status, retry) => {
    const { youtube, asked } = await youtubeWith({ [PLAYER]: () => ({ status, body: {} }) });
    const error = await youtube.transcript(VIDEO, { language: "en", signal }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "URL_HTTP_ERROR", retry });
    expect(asked).toHaveLength(retry === "backoff" ? 2 : 1);
  });

  test("asks once more after a stumble", async () => {
    let asks = 0;
    const { youtube } = await youtubeWith({
      [PLAYER]: () => (asks++ === 0 ? { status: 502, body: "" } : { body: player() }),
      "/api/timedtext": () => ({ body: TIMED_TEXT }),
    });
    expect((await youtube.transcript(VIDEO, { language: "en", signal })).segments).toHaveLength(2);
  });

  test("says that this address is refused when YouTube takes it for a robot", async () => {
    const said = { status: "LOGIN_REQUIRED", reason: "Sign in to confirm you’re not a bot" };
    const { youtube } = await youtubeWith({ [PLAYER]: () => ({ body: { playabilityStatus: said } }) });
    const error = await youtube.transcript(VIDEO, { language: "en", signal }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "URL_HTTP_ERROR", retry: "backoff" });
  });

  test("is URL_UNREACHABLE and worth a retry without a network", async () => {
    const fetch = createOutboundFetch({ userAgent: "test", allowLoopback: true });
    const youtube = createYoutube({ fetch, baseUrls: { site: "http://127.0.0.1:1" } });
    const error = await youtube.transcript(VIDEO, { language: "en", signal }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "URL_UNREACHABLE", retry: "backoff" });
  });

  test("stops when the signal aborts", async () => {
    const { youtube } = await youtubeWith({ [PLAYER]: () => ({ body: player() }) });
    const stopped = AbortSignal.abort(new Error("cancelled by the caller"));
    const error = await youtube.transcript(VIDEO, { language: "en", signal: stopped }).catch((e: unknown) => e);
    expect(error).toMatchObject({ message: "cancelled by the caller" });
  });
});

describe("metadata (A2.3 #4)", () => {
  const DESCRIPTION =
    "Code: https://github.com/taskforcesh/bullmq. (Also https://example.org/a?b=c) https://github.com/taskforcesh/bullmq";
  const item = {
    snippet: {
      title: "Durable queues in an hour",
      description: DESCRIPTION,
      categoryId: "28",
      channelId: "UC123",
      channelTitle: "Ada's Channel",
      publishedAt: "2026-01-02T03:04:05Z",
      tags: ["queues"],
      thumbnails: { default: { url: "small" }, high: { url: "large" } },
    },
    contentDetails: { duration: "PT1H2M3S" },
    statistics: { viewCount: "4242", likeCount: "17" },
  };

  test("comes from the Data API when there is a key, which travels in a header", async () => {
    const { youtube, asked } = await youtubeWith({ "/data/videos": () => ({ body: { items: [item] } }) }, "secret-key");
    expect(await youtube.metadata(VIDEO, { signal })).toEqual({
      title: "Durable queues in an hour",
      description: DESCRIPTION,
      channel_id: "UC123",
      channel_title: "Ada's Channel",
      published_at: "2026-01-02T03:04:05Z",
      duration_seconds: 3723,
      duration_text: "1:02:03",
      view_count: 4242,
      like_count: 17,
      comment_count: null,
      category: "Science & Technology",
      tags: ["queues"],
      description_urls: ["https://github.com/taskforcesh/bullmq", "https://example.org/a?b=c"],
      thumbnail_url: "large",
      fetched_at: now.toISOString(),
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]!.path).not.toContain("secret-key");
    expect(asked[0]!.headers["x-goog-api-key"]).toBe("secret-key");
  });

  test("is VIDEO_UNAVAILABLE when the Data API does not list the video", async () => {
    const { youtube } = await youtubeWith({ "/data/videos": () => ({ body: { items: [] } }) }, "k");
    const error = await youtube.metadata(VIDEO, { signal }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "VIDEO_UNAVAILABLE", retry: "never" });
  });

  test.each([
    ["with a spent quota", "k"],
    ["without a key", undefined],
  ])("comes from the player %s", async (_, key) => {
    const { youtube } = await youtubeWith(
      { "/data/videos": () => ({ status: 403, body: { error: { code: 403 } } }), [PLAYER]: () => ({ body: player() }) },
      key,
    );
    expect(await youtube.metadata(VIDEO, { signal })).toMatchObject({
      title: "Durable queues in an hour",
      channel_title: "Ada's Channel",
      channel_id: "UC123",
      duration_seconds: 3723,
      view_count: 4242,
      tags: ["queues", "redis"],
      description: expect.stringContaining("github.com/taskforcesh/bullmq"),
    });
  });

  test("falls back to the card of embedding pages when the player gives nothing", async () => {
    const { youtube } = await youtubeWith({
      [PLAYER]: () => ({ status: 403, body: {} }),
      "/oembed": () => ({ body: { title: "Durable queues", author_name: "Ada", thumbnail_url: "t" } }),
    });
    expect(await youtube.metadata(VIDEO, { signal })).toMatchObject({
      title: "Durable queues",
      channel_title: "Ada",
      description: null,
    });
  });

  test("tells the player's error when the card fails too", async () => {
    const { youtube } = await youtubeWith({ [PLAYER]: () => ({ status: 403, body: {} }) });
    const error = await youtube.metadata(VIDEO, { signal }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "URL_HTTP_ERROR", details: { status: 403 } });
  });
});
