import { MillraceError, StoreUnavailableError } from "@millrace/core";
import { afterEach, describe, expect, test } from "vitest";
import type { VideoMakers } from "./needs.ts";
import {
  type BenchOptions,
  NO_GATES,
  OWNER,
  openBench,
  quickMakers,
  TASK,
  type VideoBench,
} from "./video-bench.contract.ts";

const benches: VideoBench[] = [];
afterEach(async () => {
  for (const bench of benches.splice(0)) {
    expect(await bench.leftBehind()).toEqual([]);
    await bench.close();
  }
});

async function open(options?: BenchOptions): Promise<VideoBench> {
  const bench = await openBench(options);
  benches.push(bench);
  return bench;
}

const failureOf = async (running: Promise<unknown>): Promise<MillraceError> => {
  const error: unknown = await running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MillraceError)) throw new Error(`expected a MillraceError, got ${String(error)}`);
  return error;
};

/** Clips as quick as the others, but for what the test says of one. */
function clipsThat(act: (call: Parameters<VideoMakers["clips"]["makeClip"]>[0]) => Promise<void>, name = "local") {
  const quick = quickMakers().clips;
  return {
    name,
    async makeClip(call: Parameters<typeof quick.makeClip>[0]) {
      await act(call);
      return quick.makeClip(call);
    },
  };
}

const MADE_ONCE = [
  "assembly final",
  "assets characters/01",
  "assets environments/01",
  ...["audio", "composites", "sfx", "video"].flatMap((step) => [`${step} 01`, `${step} 02`]),
];

describe("a whole run", () => {
  test("from a task to the library with this machine alone; what is there already is not made again (C-Q15)", {
    timeout: 240_000,
  }, async () => {
    const bench = await open({ isLocal: true, config: { ...NO_GATES, default_privacy: "unlisted", tags: ["bees"] } });
    expect(await bench.runAll()).toEqual(Array.from({ length: 7 }, () => "done"));
    expect(bench.made()).toEqual(MADE_ONCE);
    const { finalVideo, published, units } = bench.tasks;
    expect(finalVideo?.seconds).toBeGreaterThan(0.5);
    expect(await bench.blobs.head(finalVideo?.path ?? "")).toMatchObject({ bytes: units.get("assembly/final")?.bytes });
    expect(published?.url).toBe(`/library/${published?.videoId}`);
    const entry = await bench.blobs.get(`library/${OWNER}/${published?.videoId}/video.json`);
    expect(JSON.parse(new TextDecoder().decode(entry))).toMatchObject({
      title: "How bees survive the winter",
      description: "Honeybees in winter",
      tags: ["bees"],
      privacy: "unlisted",
      width: 320,
      height: 180,
    });
    for (const { blobKey } of units.values()) expect(blobKey).toMatch(new RegExp(`^${OWNER}/video/${TASK}/`));
    expect(bench.tasks.recordOf("video")).toMatchObject({ partial_progress: { made: 2, wanted: 2 } });
    expect(bench.tasks.costs.every(({ usage }) => usage.costUsd === 0)).toBe(true);

    const first = published;
    await bench.runAll();
    expect(bench.made()).toEqual([]);
    expect(bench.tasks.published).toEqual(first);
  });
});

describe("what is made again", () => {
  test("a clip that somebody rejected, as another take, and all that is made from it; nothing else", async () => {
    const bench = await open();
    await bench.runAll();
    bench.made();
    const before = new Map(bench.tasks.units);
    bench.tasks.reject("video", ["02"]);
    await bench.runAll();
    expect(bench.made()).toEqual(["assembly final", "video 02"]);
    const again = bench.tasks.units.get("video/02");
    expect(again).toMatchObject({ take: 2, isRejected: false });
    expect(again?.sha256).not.toBe(before.get("video/02")?.sha256);
    expect(bench.tasks.units.get("video/01")).toEqual(before.get("video/01"));
    // the earlier take's file is gone, and a further run keeps the new one
    expect(await bench.blobs.head(before.get("video/02")?.blobKey ?? "")).toBeUndefined();
    await bench.runAll();
    expect(bench.made()).toEqual([]);
  });

  test("an image that somebody rejected changes the frames it is in, and what comes of them", async () => {
    const bench = await open();
    await bench.runAll();
    bench.made();
    bench.tasks.reject("assets", ["characters/01"]);
    await bench.runAll();
    expect(bench.made()).toEqual([
      "assembly final",
      "assets characters/01",
      ...["composites", "video"].flatMap((step) => [`${step} 01`, `${step} 02`]),
    ]);
  });

  test("a whole rejected step, a unit whose file is gone, and what a changed text decides", async () => {
    const bench = await open();
    await bench.runAll();
    bench.made();
    bench.tasks.reject("sfx");
    await bench.run("sfx");
    expect(bench.made()).toEqual(["sfx 01", "sfx 02"]);
    await bench.blobs.delete(bench.tasks.units.get("audio/01")?.blobKey ?? "");
    await bench.run("audio");
    expect(bench.made()).toEqual(["audio 01"]);
    bench.tasks.task = { ...bench.tasks.task, narrationScripts: ["Other words.", "And more."] };
    await bench.runAll();
    expect(bench.made().filter((unit) => !unit.startsWith("sfx"))).toEqual(["assembly final", "audio 01", "audio 02"]);
  });

  test("a step that fails keeps what it has made, and goes on there", async () => {
    let fails = true;
    const clips = clipsThat(async ({ outputPath }) => {
      if (fails && outputPath.endsWith("02"))
        throw new MillraceError("MEDIA_PROVIDER_FAILED", "no", { retry: "backoff" });
    });
    const bench = await open({
      makers: { clips },
      scale: { assets: 2, clips: 4, seconds: 4 },
      needs: { parallel: { video: 1 } },
    });
    await bench.runAll(["assets", "composites"]);
    bench.made();
    expect(await failureOf(bench.run("video"))).toMatchObject({ code: "MEDIA_PROVIDER_FAILED" });
    // one at a time: after the failure nothing new began
    expect(bench.made()).toEqual(["video 01"]);
    expect(bench.tasks.recordOf("video").partial_progress).toEqual({ made: 1, wanted: 4 });
    fails = false;
    await bench.run("video");
    expect(bench.made()).toEqual(["video 02", "video 03", "video 04"]);
  });

  test("an abort ends a step between its units", async () => {
    const controller = new AbortController();
    const clips = clipsThat(async ({ outputPath }) => {
      if (outputPath.endsWith("02")) controller.abort(new MillraceError("CANCELLED", "cancel"));
    });
    const bench = await open({
      makers: { clips },
      scale: { assets: 2, clips: 4, seconds: 4 },
      needs: { parallel: { video: 1 } },
    });
    await bench.runAll(["assets", "composites"]);
    bench.made();
    expect(await failureOf(bench.run("video", controller.signal))).toMatchObject({ code: "CANCELLED" });
    expect(bench.made()).toEqual(["video 01"]);
  });

  test("a store that is away for a moment costs no try, and nothing is made twice", async () => {
    const bench = await open();
    const { tasks } = bench;
    const away = new Set(["keepUnit", "keepStep", "keepCost", "openTask", "keepFinalVideo"] as const);
    for (const name of away) {
      const whole = tasks[name] as (...given: unknown[]) => Promise<never>;
      Object.assign(tasks, {
        [name]: (...given: unknown[]) =>
          away.delete(name) ? Promise.reject(new StoreUnavailableError("restarting")) : whole(...given),
      });
    }
    expect(await bench.runAll()).toEqual(Array.from({ length: 7 }, () => "done"));
    expect(bench.made()).toEqual(MADE_ONCE);
    expect(away.size).toBe(0);
  });

  test("a claim that is lost writes nothing more and begins nothing more", async () => {
    const clips = clipsThat(async ({ outputPath }) => {
      if (outputPath.endsWith("02")) bench.tasks.fence = 2;
    });
    const bench = await open({
      makers: { clips },
      scale: { assets: 2, clips: 4, seconds: 4 },
      needs: { parallel: { video: 1 } },
    });
    await bench.runAll(["assets", "composites"]);
    bench.made();
    expect(await failureOf(bench.run("video"))).toMatchObject({ code: "LEASE_LOST", retry: "stop" });
    expect(bench.made()).toEqual(["video 01"]);
    expect([...bench.tasks.units.keys()].filter((name) => name.startsWith("video/"))).toEqual(["video/01"]);
  });
});

describe("gates", () => {
  const config = { gates: { video: { approvals: 2, roles: ["editor"] }, audio: "off" } };

  test("people are asked where the channel says so, by its rules", async () => {
    const bench = await open({ config });
    expect(await bench.runAll()).toEqual(["assets", "done", "video", "done", "done", "final", "done"]);
    expect(await bench.run("video")).toMatchObject({
      kind: "wait_for_review",
      gate: { name: "video", policy: { approvals: 2, roles: ["editor"] } },
    });
  });

  test("what was approved is not asked about again while it is the same; what became another is", async () => {
    const bench = await open({ config });
    await bench.runAll();
    for (const step of ["assets", "video", "assembly"] as const) bench.tasks.approve(step);
    expect(await bench.runAll()).toEqual(Array.from({ length: 7 }, () => "done"));
    bench.tasks.reject("audio", ["01"]);
    bench.tasks.task = { ...bench.tasks.task, narrationScripts: ["Other words.", "And more."] };
    expect(await bench.runAll()).toEqual(["done", "done", "done", "done", "done", "final", "done"]);
  });

  test("a channel whose fields are wrong makes nothing", async () => {
    const bench = await open({ config: { gates: { final: "off" } } });
    const error = await failureOf(bench.run("assets"));
    expect(error).toMatchObject({ code: "MEDIA_REFUSED", retry: "never" });
    expect(error.message).toContain("gates.final");
  });
});

describe("providers", () => {
  const limited = () =>
    new MillraceError("MEDIA_RATE_LIMITED", "kie asks for patience (429)", { retry: "park", retryAfterMs: 7_000 });

  test("a provider that asks for patience pauses its pool; what is made stays, and no attempt is lost (C-Q13)", async () => {
    let isLimited = true;
    const clips = clipsThat(async ({ outputPath }) => {
      if (isLimited && outputPath.endsWith("02")) throw limited();
    }, "kie");
    const bench = await open({ makers: { clips }, needs: { parallel: { video: 1 } } });
    await bench.runAll(["assets", "composites"]);
    bench.made();
    expect(await failureOf(bench.run("video"))).toMatchObject({ code: "MEDIA_RATE_LIMITED", retry: "park" });
    expect(bench.pauses).toEqual([
      { service: "kie", pool: "deployment", forMs: 7_000, reason: "kie asks for patience (429)" },
    ]);
    isLimited = false;
    await bench.run("video");
    expect(bench.made()).toEqual(["video 01", "video 02"]);
    // each call took a permit and a unit of quota, the refused one as well
    expect(bench.permits.get("kie")).toMatchObject({ calls: 3, most: 1, now: 0 });
    expect(bench.used).toEqual([1, 1, 1]);
    expect(bench.tasks.costs.filter(({ step }) => step === "video").map(({ component }) => component)).toEqual([
      "kling_video_clips",
      "kling_video_clips",
    ]);
  });

  test("an order that was taken is handed to the next try, for the same input only", async () => {
    const states: (string | null | undefined)[] = [];
    let fails = true;
    const clips = clipsThat(async ({ state, keepState, outputPath }) => {
      if (!outputPath.endsWith("01")) return;
      states.push(state);
      await keepState?.("ordered");
      if (fails) throw new MillraceError("MEDIA_PROVIDER_FAILED", "too slow", { retry: "backoff" });
    }, "kie");
    const bench = await open({ makers: { clips } });
    await bench.runAll(["assets", "composites"]);
    await failureOf(bench.run("video"));
    fails = false;
    await bench.run("video");
    expect(states).toEqual([null, "ordered"]);
    expect(bench.tasks.orders.size).toBe(0);
    bench.tasks.reject("video", ["01"]);
    await bench.run("video");
    expect(states).toEqual([null, "ordered", null]);
  });

  test("no step that costs money begins while the week's budget is spent; steps of this machine do", async () => {
    const bench = await open({ makers: { clips: clipsThat(async () => {}, "kie") } });
    bench.tasks.budget = { todayUsd: 1, weekUsd: 20.5, dailyUsd: null, weeklyUsd: 20.5 };
    await bench.runAll(["assets", "composites"]);
    bench.made();
    const error = await failureOf(bench.run("video"));
    expect(error).toMatchObject({ code: "BUDGET_EXCEEDED", retry: "park", retryAfterMs: 3_600_000 });
    expect(bench.made()).toEqual([]);
    expect(bench.used).toEqual([]);
    // the last half hour of the week
    bench.clock.set(new Date("2026-03-08T23:30:00Z"));
    expect(await failureOf(bench.run("video"))).toMatchObject({ retryAfterMs: 1_800_000 });
    bench.tasks.budget = { ...bench.tasks.budget, weeklyUsd: 30 };
    await bench.run("video");
    expect(bench.made()).toEqual(["video 01", "video 02"]);
    // everything is there: nothing to pay for, nothing to stop
    bench.tasks.budget = { ...bench.tasks.budget, weeklyUsd: 1 };
    await bench.run("video");
  });

  test("so many at a time as the settings say", async () => {
    const bench = await open({
      makers: { clips: clipsThat(() => new Promise((resolve) => setImmediate(resolve)), "kie") },
      scale: { assets: 2, clips: 9, seconds: 9 },
      needs: { parallel: { video: 3 } },
    });
    await bench.runAll(["assets", "composites", "video"]);
    expect(bench.permits.get("kie")).toMatchObject({ calls: 9, most: 3 });
  });
});

describe("refusals", () => {
  test("another number of scripts than clips is refused, both numbers named", async () => {
    const bench = await open({ task: { narrationScripts: ["only one"] } });
    const error = await failureOf(bench.run("assets"));
    expect(error).toMatchObject({ code: "MEDIA_REFUSED", retry: "never", details: { given: 1, wanted: 2 } });
  });

  test("another owner's task, and one that is gone, are not there", async () => {
    const bench = await open({ task: { ownerId: "0197a6f0-0000-7000-8000-00000000dead" } });
    expect(await failureOf(bench.run("assets"))).toMatchObject({ code: "NOT_FOUND" });
    bench.tasks.task = { ...bench.tasks.task, ownerId: OWNER, id: "7c1d1c8e-3b64-4f4e-9d52-0f5ad1c3a0b2" };
    expect(await failureOf(bench.run("upload"))).toMatchObject({ code: "NOT_FOUND" });
  });

  test("a step whose parts are missing names them", async () => {
    const bench = await open();
    expect((await failureOf(bench.run("video"))).message).toBe(
      "composites 01 is not there: the step composites has to be made first.",
    );
  });
});

describe("the upload", () => {
  function publisherThat(act: (state: string | null) => Promise<void> = async () => {}) {
    const requests: Parameters<ReturnType<VideoMakers["publisherFor"]>["publish"]>[0][] = [];
    const publisher = {
      name: "youtube",
      async publish(request: (typeof requests)[number]) {
        requests.push(request);
        await request.keepState(`session of ${requests.length}`);
        await act(request.state);
        return {
          videoId: "abc",
          url: "https://www.youtube.com/watch?v=abc",
          usage: { provider: "youtube", calls: 1, units: 1, costUsd: 0 },
        };
      },
    };
    return { requests, makers: { publisherFor: () => publisher } };
  }

  test("says what task and channel say, with the channel's own credential", async () => {
    const { requests, makers } = publisherThat();
    const asked: string[] = [];
    const bench = await open({
      makers,
      task: { privacy: "public" },
      config: {
        ...NO_GATES,
        tags: ["a", "b"],
        description_template: "{title} by {channel_name}: {topic} {unknown} {story_direction}",
      },
      needs: {
        uploadUnits: 1_600,
        credential: async (channelId, name) => {
          asked.push(`${channelId} ${name}`);
          return "the token";
        },
      },
    });
    await bench.runAll();
    expect(asked).toEqual([`${bench.tasks.task.channel.id} youtube_refresh_token`]);
    expect(requests[0]).toMatchObject({
      title: "How bees survive the winter",
      description: `How bees survive the winter by Bees: Honeybees in winter {unknown} ${bench.tasks.task.storyDirection}`,
      tags: ["a", "b"],
      privacy: "public",
      refreshToken: "the token",
      state: null,
    });
    expect(bench.used).toEqual([1_600]);
    expect(bench.tasks.published).toEqual({ videoId: "abc", url: "https://www.youtube.com/watch?v=abc" });
  });

  test("goes on where it was broken off, and takes its quota once", async () => {
    let fails = true;
    const { requests, makers } = publisherThat(async () => {
      if (fails) throw new MillraceError("MEDIA_PROVIDER_FAILED", "cut", { retry: "backoff" });
    });
    const bench = await open({ makers });
    expect(await failureOf(bench.runAll())).toMatchObject({ code: "MEDIA_PROVIDER_FAILED" });
    fails = false;
    await bench.run("upload");
    expect(requests.map(({ state }) => state)).toEqual([null, "session of 1"]);
    expect(bench.used).toEqual([1]);
  });

  test("a video that was published before is refused, and takes no quota (C2.8)", async () => {
    const { requests, makers } = publisherThat();
    const bench = await open({ makers });
    await bench.runAll(["assets", "composites", "video", "audio", "sfx", "assembly"]);
    bench.tasks.publishedBefore.set(bench.tasks.units.get("assembly/final")?.sha256 ?? "", "an-earlier-task");
    const error = await failureOf(bench.run("upload"));
    expect(error).toMatchObject({ code: "MEDIA_REFUSED", retry: "never" });
    expect(error.message).toBe("The same video was published before as task an-earlier-task.");
    expect(requests).toEqual([]);
    expect(bench.used).toEqual([]);
  });

  test("more than three a day of one channel wait for tomorrow, without a pause of the others (C2.8)", async () => {
    const { requests, makers } = publisherThat();
    const bench = await open({ makers });
    bench.tasks.uploads = 3;
    bench.clock.set("2026-03-04T22:00:00Z");
    const error = await failureOf(bench.runAll());
    expect(error).toMatchObject({ code: "QUOTA_EXHAUSTED", retry: "park", retryAfterMs: 2 * 3_600_000 });
    expect([requests.length, bench.used, bench.pauses]).toEqual([0, [], []]);
    bench.tasks.uploads = 2;
    expect(await bench.runAll(["upload"])).toEqual(["done"]);
  });

  test("a spent day of quota pauses the pool, a channel's own limit does not", async () => {
    let reason = "quotaExceeded";
    const { makers } = publisherThat(async () => {
      throw new MillraceError("QUOTA_EXHAUSTED", "no more", {
        retry: "park",
        retryAfterMs: 9_000,
        details: { reason },
      });
    });
    const bench = await open({ makers });
    expect(await failureOf(bench.runAll())).toMatchObject({ code: "QUOTA_EXHAUSTED" });
    expect(bench.pauses).toEqual([{ service: "youtube", pool: "bees", forMs: 9_000, reason: "no more" }]);
    reason = "uploadLimitExceeded";
    expect(await failureOf(bench.run("upload"))).toMatchObject({ code: "QUOTA_EXHAUSTED" });
    expect(bench.pauses).toHaveLength(1);
  });
});
