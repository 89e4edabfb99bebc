import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import { createOutboundFetch } from "../outbound/create-outbound-fetch.ts";
import { createYoutube } from "./create-youtube.ts";

export const VIDEO = "dQw4w9WgXcQ";
export const now = new Date("2026-03-01T12:00:00Z");
export const signal = new AbortController().signal;

interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
export type Answers = Record<
  string,
  (asked: Asked) => {
    readonly status?: number;
    readonly body: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  }
>;

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
export async function youtubeWith(answers: Answers, apiKey?: string) {
  const asked: Asked[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const entry = { path: request.url ?? "", headers: request.headers, body: await bodyOf(request) };
    asked.push(entry);
    const found = Object.entries(answers).find(([path]) => entry.path.startsWith(path))?.[1](entry);
    const { status = 200, body = "", headers = {} } = found ?? { status: 404, body: "" };
    response.writeHead(status, { "content-type": "application/json", ...headers });
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

export const TRACKS = [
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
export const player = (tracks: readonly unknown[] = TRACKS) => ({
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

export const TIMED_TEXT = {
  wireMagic: "pb3",
  events: [
    { tStartMs: 0, dDurationMs: 100 },
    { tStartMs: 1_500, dDurationMs: 2000, segs: [{ utf8: "Queues " }, { utf8: "are lists\nof promises." }] },
    { tStartMs: 3_000, aAppend: 1, segs: [{ utf8: "\n" }] },
    { tStartMs: 62_000, segs: [{ utf8: "They must be kept." }] },
  ],
};

export const PLAYER = "/youtubei/v1/player";
