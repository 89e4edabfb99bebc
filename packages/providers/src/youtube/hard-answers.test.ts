import type { MillraceError } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Answers,
  now,
  PLAYER,
  player,
  signal,
  TIMED_TEXT,
  VIDEO,
  youtubeWith,
} from "./replayed-youtube.contract.ts";

const html = { "content-type": "text/html; charset=utf-8" };

const transcriptError = async (answers: Answers): Promise<MillraceError> => {
  const { youtube } = await youtubeWith(answers);
  return youtube.transcript(VIDEO, { language: "en", signal }).then(
    () => expect.unreachable(),
    (error: MillraceError) => error,
  );
};
const metadataError = async (answers: Answers, key?: string): Promise<MillraceError> => {
  const { youtube } = await youtubeWith(answers, key);
  return youtube.metadata(VIDEO, { signal }).then(
    () => expect.unreachable(),
    (error: MillraceError) => error,
  );
};

/** What the player answers for a video that it does not play, screen and all. */
const unplayable = (status: string, reason: string, subreason = "") => ({
  responseContext: { visitorData: "v" },
  playabilityStatus: {
    status,
    reason,
    errorScreen: {
      playerErrorMessageRenderer: {
        reason: { simpleText: reason },
        subreason: { simpleText: subreason },
        thumbnail: { thumbnails: [{ url: "https://s.ytimg.com/meh.png", width: 140, height: 100 }] },
        icon: { iconType: "ERROR_OUTLINE" },
      },
    },
    contextParams: "Q0FFU0FnZ0I=",
  },
  trackingParams: "CAAQu2kiEw==",
});

/** The Data API's refusals, as Google writes them. */
const refusal = (code: number, reason: string, message: string) => ({
  error: { code, message, errors: [{ message, domain: "youtube.quota", reason }] },
});
const QUOTA =
  'The request cannot be completed because you have exceeded your <a href="/youtube/v3/getting-started#quota">quota</a>.';

const CONSENT = `<!doctype html><html lang="de"><head><title>Bevor Sie zu YouTube weitergehen</title></head><body>
<form action="https://consent.youtube.com/save" method="POST"><button>Alle ablehnen</button></form></body></html>`;
const ROBOT = `<html><body>Our systems have detected unusual traffic from your computer network.
<form action="https://www.google.com/sorry/index"></form></body></html>`;

describe("videos that do not play (A2.3 #3)", () => {
  test.each([
    ["behind the age gate", "LOGIN_REQUIRED", "Sign in to confirm your age"],
    ["age-restricted", "AGE_VERIFICATION_REQUIRED", "This video may be inappropriate for some users."],
    ["private", "LOGIN_REQUIRED", "This video is private"],
    ["removed by its uploader", "ERROR", "This video has been removed by the uploader"],
    ["removed with its account", "ERROR", "This video is no longer available because the YouTube account is closed"],
    ["unknown", "ERROR", "Video unavailable"],
    ["for members only", "UNPLAYABLE", "Join this channel to get access to members-only content"],
    ["not begun", "LIVE_STREAM_OFFLINE", "This live event will begin in 2 hours."],
  ])("%s: VIDEO_UNAVAILABLE for good, in YouTube's words, for transcript and metadata", async (_, status, reason) => {
    const answers: Answers = { [PLAYER]: () => ({ body: unplayable(status, reason) }) };
    const expected = { code: "VIDEO_UNAVAILABLE", retry: "never", message: expect.stringContaining(reason) };
    expect(await transcriptError(answers)).toMatchObject(expected);
    expect(await metadataError(answers)).toMatchObject(expected);
  });
});

describe("pages that stand before YouTube (A2.3 #3)", () => {
  test.each([
    ["consent", CONSENT, "consent"],
    ["a robot check", ROBOT, "robot"],
  ])(
    "%s instead of the player or the captions is worth another try, not a video without transcript",
    async (_, page, why) => {
      const expected = { code: "URL_HTTP_ERROR", retry: "backoff", message: expect.stringContaining(why) };
      const interstitial = () => ({ body: page, headers: html });
      expect(await transcriptError({ [PLAYER]: interstitial })).toMatchObject(expected);
      const captions: Answers = { [PLAYER]: () => ({ body: player() }), "/api/timedtext": interstitial };
      expect(await transcriptError(captions)).toMatchObject(expected);
      expect(await metadataError({ [PLAYER]: interstitial, "/oembed": interstitial })).toMatchObject(expected);
    },
  );

  test("a redirect to consent is followed to the page and known by it", async () => {
    const error = await transcriptError({
      [PLAYER]: () => ({ status: 302, headers: { location: "/m?continue=x" }, body: "" }),
      "/m": () => ({ headers: html, body: CONSENT }),
    });
    expect(error).toMatchObject({
      code: "URL_HTTP_ERROR",
      retry: "backoff",
      message: expect.stringContaining("consent"),
    });
  });
});

describe("languages (A2.3 #3)", () => {
  const track = (languageCode: string, kind?: "asr") => ({
    baseUrl: `https://www.youtube.com/api/timedtext?v=x&lang=${languageCode}&kind=${kind ?? ""}`,
    languageCode,
    ...(kind && { kind }),
    name: { runs: [{ text: languageCode }] },
    isTranslatable: true,
  });
  const tracks = [
    track("de"),
    track("en", "asr"),
    track("en-GB"),
    track("pt-BR"),
    track("pt", "asr"),
    track("ja", "asr"),
  ];

  test.each([
    ["de", "de", ""],
    ["DE", "de", ""],
    ["de-CH", "de", ""],
    ["en", "en", "asr"],
    ["en-GB", "en-GB", ""],
    ["en-US", "en-GB", ""],
    ["pt-BR", "pt-BR", ""],
    ["pt", "pt", "asr"],
    ["ja", "ja", "asr"],
    ["fr", "en-GB", ""],
  ])("asked for %s takes %s captions of kind %j", async (language, lang, kind) => {
    const { youtube, asked } = await youtubeWith({
      [PLAYER]: () => ({ body: player(tracks) }),
      "/api/timedtext": () => ({ body: TIMED_TEXT }),
    });
    expect((await youtube.transcript(VIDEO, { language, signal })).language).toBe(lang);
    const query = new URL(asked[1]?.path ?? "", "http://x").searchParams;
    expect([query.get("lang"), query.get("kind")]).toEqual([lang, kind]);
  });

  test("captions that a machine heard lose the line breaks it puts between them", async () => {
    const heard = {
      wireMagic: "pb3",
      events: [
        { tStartMs: 0, dDurationMs: 9_000, id: 1, wpWinPosId: 1, wsWinStyleId: 1 },
        {
          tStartMs: 120,
          dDurationMs: 4_000,
          wWinId: 1,
          segs: [
            { utf8: "never", acAsrConf: 0 },
            { utf8: " lost", tOffsetMs: 400 },
          ],
        },
        { tStartMs: 2_000, dDurationMs: 2_000, wWinId: 1, aAppend: 1, segs: [{ utf8: "\n" }] },
        { tStartMs: 2_040, dDurationMs: 4_000, wWinId: 1, segs: [{ utf8: "[Music]" }] },
      ],
    };
    const { youtube } = await youtubeWith({
      [PLAYER]: () => ({ body: player([track("en", "asr")]) }),
      "/api/timedtext": () => ({ body: heard }),
    });
    expect(await youtube.transcript(VIDEO, { language: "en", signal })).toEqual({
      language: "en",
      segments: [
        { startSeconds: 0.12, text: "never lost" },
        { startSeconds: 2.04, text: "[Music]" },
      ],
    });
  });
});

describe("the Data API's refusals (A2.3 #4)", () => {
  const spent: Answers = { "/data/videos": () => ({ status: 403, body: refusal(403, "quotaExceeded", QUOTA) }) };

  test("a spent quota parks until midnight in California, charging no attempt, when nobody else knows the video", async () => {
    const error = await metadataError({ ...spent, [PLAYER]: () => ({ status: 403, body: {} }) }, "k");
    expect(error).toMatchObject({ code: "QUOTA_EXHAUSTED", retry: "park" });
    // 12:00 UTC on the first of March is 4 in the morning there
    expect(now.toISOString()).toBe("2026-03-01T12:00:00.000Z");
    expect(error.retryAfterMs).toBe(20 * 3_600_000);
  });

  test("a spent quota costs nothing when the player knows the video, and is asked for once", async () => {
    const { youtube, asked } = await youtubeWith({ ...spent, [PLAYER]: () => ({ body: player() }) }, "k");
    expect((await youtube.metadata(VIDEO, { signal })).title).toBe("Durable queues in an hour");
    expect(asked.filter(({ path }) => path.startsWith("/data"))).toHaveLength(1);
  });

  test("a spent quota does not park for a video that is gone", async () => {
    const gone = () => ({ body: unplayable("ERROR", "Video unavailable") });
    expect(await metadataError({ ...spent, [PLAYER]: gone }, "k")).toMatchObject({ code: "VIDEO_UNAVAILABLE" });
  });

  test("too many requests at once are asked again", async () => {
    let asks = 0;
    const { youtube } = await youtubeWith(
      {
        "/data/videos": () =>
          asks++ === 0
            ? { status: 403, body: refusal(403, "rateLimitExceeded", "Too fast") }
            : { body: { items: [{ snippet: { title: "Second try" } }] } },
      },
      "k",
    );
    expect((await youtube.metadata(VIDEO, { signal })).title).toBe("Second try");
  });

  test("a wrong key is no reason to park", async () => {
    const answers: Answers = {
      "/data/videos": () => ({ status: 400, body: refusal(400, "badRequest", "API key not valid.") }),
      [PLAYER]: () => ({ status: 403, body: {} }),
    };
    expect(await metadataError(answers, "k")).toMatchObject({ code: "URL_HTTP_ERROR", retry: "never" });
  });
});

describe("malformed bodies (A2.3)", () => {
  const BODIES = [
    "",
    "null",
    "[]",
    '"text"',
    "0",
    "{",
    "{}",
    "\u0000",
    '{"playabilityStatus":7}',
    '{"events":{}}',
    '{"items":[{}]}',
  ];
  const bodies = fc.oneof(fc.constantFrom(...BODIES), fc.json());

  test("a card that is none, of a video whose player says no title, is an error of ours", async () => {
    const { videoDetails, ...rest } = player();
    const { title: _, ...untitled } = videoDetails;
    const answers: Answers = {
      [PLAYER]: () => ({ body: { ...rest, videoDetails: untitled } }),
      "/oembed": () => ({ body: { title: 7 } }),
    };
    expect(await metadataError(answers)).toMatchObject({ code: "URL_HTTP_ERROR", retry: "never" });
  });

  test("end in one of our errors, whoever sends them", async () => {
    let said = "";
    const answer = () => ({ body: said });
    const everything: Answers = { [PLAYER]: answer, "/oembed": answer, "/data": answer };
    const [{ youtube }, { youtube: keyed }] = [await youtubeWith(everything), await youtubeWith(everything, "k")];
    const { youtube: captioned } = await youtubeWith({
      [PLAYER]: () => ({ body: player() }),
      "/api/timedtext": answer,
    });
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        said = body;
        const asks = [youtube, keyed].flatMap((each) => [
          each.transcript(VIDEO, { language: "en", signal }),
          each.metadata(VIDEO, { signal }),
        ]);
        for (const result of await Promise.allSettled([
          ...asks,
          captioned.transcript(VIDEO, { language: "en", signal }),
        ])) {
          if (result.status === "rejected") expect(result.reason).toMatchObject({ name: "MillraceError" });
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
