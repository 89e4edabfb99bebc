import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createOutboundFetch } from "../outbound/create-outbound-fetch.ts";
import { createYoutube } from "./create-youtube.ts";

const VIDEO = "dQw4w9WgXcQ";
const now = new Date("2026-03-01T12:00:00Z");
const signal = new AbortController().signal;

interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
type Answers = Record<string, (asked: Asked) => { readonly status?: number; readonly body: unknown }>;

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** A server that answers as YouTube does, and what it was asked. */
async function youtubeWith(answers: Answers, apiKey?: string) {
  const asked: Asked[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const entry = { path: request.url ?? "", headers: request.headers, body: await bodyOf(request) };
    asked.push(entry);
    const found = Object.entries(answers).find(([path]) => entry.path.startsWith(path))?.[1](entry);
    const { status = 200, body = "" } = found ?? { status: 404, body: "" };
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
  const server = createServer((request, response) => void answer(request, response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fetch = createOutboundFetch({ userAgent: "test", allowLoopback: true });
  const baseUrls = { site, dataApi: `${site}/data` };
  return { asked, youtube: createYoutube({ fetch, apiKey, baseUrls, clock: { now: () => now } }) };
}

const TRACKS = [
  {
    baseUrl: "https://www.youtube.com/api/timedtext?v=x&lang=de&kind=asr",
    languageCode: "de",
    kind: "asr",
    name: { simpleText: "German" },
  },
  {
    baseUrl: "https://www.youtube.com/api/timedtext?v=x&lang=en&kind=asr",
    languageCode: "en",
    kind: "asr",
    name: { simpleText: "English (auto)" },
  },
  { baseUrl: "https://www.youtube.com/api/timedtext?v=x&lang=en", languageCode: "en", name: { simpleText: "English" } },
];

/** The parts of a player answer that matter, in YouTube's own words. */
const player = (tracks: readonly unknown[] = TRACKS) => ({
  responseContext: { visitorData: "v" },
  playabilityStatus: { status: "OK", playableInEmbed: true },
  ...(tracks.length > 0 ? { captions: { playerCaptionsTracklistRenderer: { captionTracks: tracks } } } : {}),
  videoDetails: {
    videoId: VIDEO,
    title: "Durable queues in an hour",
    lengthSeconds: "3723",
    keywords: ["queues", "redis"],
    channelId: "UC123",
    isOwnerViewing: false,
    shortDescription: "Slides: https://github.com/taskforcesh/bullmq",
    isCrawlable: true,
    thumbnail: { thumbnails: [{ url: "https://i.ytimg.com/vi/x/hq.jpg", width: 480, height: 360 }] },
    viewCount: "4242",
    author: "Ada's Channel",
    isPrivate: false,
    isLiveContent: false,
  },
});

const TIMED_TEXT = {
  wireMagic: "pb3",
  events: [
    { tStartMs: 0, dDurationMs: 100 },
    { tStartMs: 1_500, dDurationMs: 2000, segs: [{ utf8: "Queues " }, { utf8: "are lists\nof promises." }] },
    { tStartMs: 3_000, aAppend: 1, segs: [{ utf8: "\n" }] },
    { tStartMs: 62_000, segs: [{ utf8: "They must be kept." }] },
  ],
};

const PLAYER = "/youtubei/v1/player";

describe("transcript", () => {
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

describe("metadata", () => {
  const item = {
    snippet: {
      title: "Durable queues in an hour",
      description: "d",
      channelId: "UC123",
      channelTitle: "Ada's Channel",
      publishedAt: "2026-01-02T03:04:05Z",
      tags: ["queues"],
      thumbnails: { default: { url: "small" }, high: { url: "large" } },
    },
    contentDetails: { duration: "PT1H2M3S" },
    statistics: { viewCount: "4242" },
  };

  test("comes from the Data API when there is a key, which travels in a header", async () => {
    const { youtube, asked } = await youtubeWith({ "/data/videos": () => ({ body: { items: [item] } }) }, "secret-key");
    expect(await youtube.metadata(VIDEO, { signal })).toEqual({
      title: "Durable queues in an hour",
      description: "d",
      channel_id: "UC123",
      channel_title: "Ada's Channel",
      published_at: "2026-01-02T03:04:05Z",
      duration_seconds: 3723,
      view_count: 4242,
      tags: ["queues"],
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
