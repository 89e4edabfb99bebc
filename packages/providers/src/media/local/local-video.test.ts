import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { until } from "@millrace/testing";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLocalAssembler } from "./local-assembler.ts";
import { createLocalClipMaker } from "./local-clip-maker.ts";
import { createMediaTools } from "./media-tools.ts";
import { openWorkshop, SMALL, type Workshop } from "./media-workshop.contract.ts";
import { motionOf } from "./motion-of.ts";
import { probeMedia } from "./probe-media.ts";
import { planSegments } from "./segment-plan.ts";

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  // Black on the left, white on the right: a pan to the right grows lighter.
  const still = `<svg width="640" height="360"><rect width="640" height="360"/><rect x="320" width="320" height="360" fill="#fff"/></svg>`;
  await writeFile(shop.path("still.png"), await sharp(Buffer.from(still)).png().toBuffer());
});
afterAll(() => shop.close());

/** Whether a process works on files of the folder. */
function isUsed(folder: string): boolean {
  if (!existsSync("/proc/self")) return execFileSync("ps", ["-axo", "args"], { encoding: "utf8" }).includes(folder);
  return readdirSync("/proc").some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder);
    } catch {
      return false; // gone by now
    }
  });
}

describe("C-Q25 clips moved here", () => {
  const make = (call: {
    name: string;
    seconds?: number;
    prompt?: string;
    imagePath?: string;
    signal?: AbortSignal;
    progress?: (share: number) => void;
  }) => {
    const {
      name,
      seconds = 1.2,
      prompt = "pan right",
      imagePath = shop.path("still.png"),
      signal = shop.signal,
      progress = () => {},
    } = call;
    return createLocalClipMaker({ tools: shop.tools, frame: SMALL }).makeClip({
      imagePath,
      prompt,
      seconds,
      outputPath: shop.path(name),
      signal,
      progress,
    });
  };

  test("are H.264 at a constant rate, as long as asked, and the camera moves as the prompt says", async () => {
    const shares: number[] = [];
    const made = await make({ name: "clip.mp4", progress: (share) => shares.push(share) });
    const { seconds, video, audio } = await probeMedia(shop.tools, made.path, shop.signal);
    expect(video).toMatchObject({
      codec_name: "h264",
      pix_fmt: "yuv420p",
      width: 320,
      height: 180,
      r_frame_rate: "25/1",
      avg_frame_rate: "25/1",
    });
    expect(audio).toBeUndefined();
    expect(seconds).toBeCloseTo(1.2, 1);
    expect(made).toMatchObject({ mediaType: "video/mp4", seconds, usage: { provider: "local", costUsd: 0 } });
    const [first, last] = [await shop.colourAt(made.path, 0), await shop.colourAt(made.path, 1.1)];
    expect(last[0]).toBeGreaterThan((first[0] ?? 255) + 20);
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  });

  test.each([
    ["The captain turns to the map. Camera slowly zooms out", "zoom_out"],
    ["She pans for gold. Slow dolly in", "zoom_in"],
    ["Waves. Pan to the left", "pan_left"],
    ["Zoom in, then track right", "pan_right"],
    ["The camera tilts down to the chest", "tilt_down"],
    ["Balloon rising", "tilt_up"],
    ["Static shot, fixed camera", "still"],
    ["He laughs", "slow_push"],
  ])("%s: %s", (prompt, name) => {
    expect(motionOf(prompt).name).toBe(name);
  });

  test("stop at an abort: ffmpeg is gone and nothing is left behind", async () => {
    const aborted = new AbortController();
    const reason = new Error("cancelled");
    const progress = () => aborted.abort(reason); // it runs now
    await expect(make({ name: "cut.mp4", seconds: 60, signal: aborted.signal, progress })).rejects.toBe(reason);
    await until(() => !isUsed(shop.path("cut.mp4")), { timeoutMs: 60_000 });
    expect((await shop.names()).filter((name) => name.startsWith("cut"))).toEqual([]);
  });

  test("fail with MEDIA_FAILED on what is no image, and are refused without a length", async () => {
    await writeFile(shop.path("broken.png"), "no image");
    await expect(make({ name: "bad.mp4", imagePath: shop.path("broken.png") })).rejects.toMatchObject({
      code: "MEDIA_FAILED",
      retry: "once",
    });
    await expect(make({ name: "bad.mp4", seconds: 0 })).rejects.toMatchObject({
      code: "MEDIA_REFUSED",
      retry: "never",
    });
    expect((await shop.names()).filter((name) => name.startsWith("bad"))).toEqual([]);
  });

  test("are MEDIA_TOOL_MISSING without ffmpeg", async () => {
    const tools = createMediaTools({ commands: { ffmpeg: "no-such-ffmpeg" }, usePackages: false });
    const call = {
      imagePath: shop.path("still.png"),
      prompt: "",
      seconds: 1,
      outputPath: shop.path("no.mp4"),
      signal: shop.signal,
      progress: () => {},
    };
    await expect(createLocalClipMaker({ tools, frame: SMALL }).makeClip(call)).rejects.toMatchObject({
      code: "MEDIA_TOOL_MISSING",
    });
  });
});

describe("C-S11 assembly", () => {
  const assemble = (
    name: string,
    clips: readonly { videoPath: string; narrationPath: string; soundPath: string }[],
    progress: (share: number) => void = () => {},
  ) =>
    createLocalAssembler({ tools: shop.tools, frame: SMALL }).assemble({
      clips,
      outputPath: shop.path(name),
      signal: shop.signal,
      progress,
    });

  test("cuts or freezes each clip to its narration, mixes, joins by hard cuts, and checks the whole", async () => {
    const [red, blue, long, short, sound] = await Promise.all([
      shop.makeClip("red.mp4", "red", 1),
      shop.makeClip("blue.mp4", "blue", 3),
      shop.makeTone("long.wav", 440, 2.01),
      shop.makeTone("short.wav", 660, 1.5),
      shop.makeTone("sound.wav", 110, 1),
    ]);
    const shares: number[] = [];
    const clips = [
      { videoPath: red, narrationPath: long, soundPath: sound }, // frozen for its second half
      { videoPath: blue, narrationPath: short, soundPath: sound }, // cut in the middle
    ];
    const made = await assemble("final.mp4", clips, (share) => shares.push(share));
    const bytes = await readFile(made.path);
    expect(made.facts).toEqual({
      seconds: expect.closeTo(3.51, 1),
      width: 320,
      height: 180,
      videoCodec: "h264",
      audioCodec: "aac",
      bytes: bytes.length,
    });
    const { video, audio } = await probeMedia(shop.tools, made.path, shop.signal);
    expect(video).toMatchObject({ profile: "High", pix_fmt: "yuv420p", r_frame_rate: "25/1" });
    expect(audio).toMatchObject({ sample_rate: 48_000, channels: 2 });
    expect(bytes.indexOf("moov")).toBeLessThan(bytes.indexOf("mdat"));
    const [red1, red2, blue1, blue2] = [0.1, 1.9, 2.1, 3.3].map((second) => () => shop.colourAt(made.path, second));
    for (const look of [red1, red2]) expect((await look?.())?.[0]).toBeGreaterThan(200);
    for (const look of [blue1, blue2]) expect((await look?.())?.[2]).toBeGreaterThan(200);
    expect(await shop.loudnessOf(made.path)).toSatisfy((lufs: number) => Math.abs(lufs + 16) < 2);
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect((await shop.names()).filter((name) => name.startsWith("final"))).toEqual(["final.mp4"]);
  });

  test("keeps the sound about 18 dB below the voice", async () => {
    const [clip, voice, sound] = await Promise.all([
      shop.makeClip("grey.mp4", "gray", 1),
      shop.makeTone("voice.wav", 1_000, 2),
      shop.makeTone("low.wav", 200, 2),
    ]);
    const { path } = await assemble("mixed.mp4", [{ videoPath: clip, narrationPath: voice, soundPath: sound }]);
    const level = async (filter: string): Promise<number> => {
      const out = shop.path("filtered.wav");
      await shop.filter(path, filter, out);
      return (await shop.volumeOf(out)).mean;
    };
    const difference = (await level("highpass=f=700,highpass=f=700")) - (await level("lowpass=f=250,lowpass=f=250"));
    expect(difference).toBeGreaterThan(12);
    expect(difference).toBeLessThan(26);
  });

  test("fails with MEDIA_FAILED and what ffmpeg said on a broken file, leaving nothing", async () => {
    await writeFile(shop.path("broken.mp4"), "no video");
    const tone = await shop.makeTone("tone.wav", 440, 1);
    const good = await shop.makeClip("good.mp4", "green", 1);
    const broken = shop.path("broken.mp4");
    for (const clip of [
      { videoPath: broken, narrationPath: tone, soundPath: tone },
      { videoPath: good, narrationPath: broken, soundPath: tone },
      { videoPath: good, narrationPath: tone, soundPath: shop.path("missing.wav") },
    ]) {
      await expect(assemble("bad.mp4", [clip])).rejects.toMatchObject({
        code: "MEDIA_FAILED",
        retry: "once",
        message: expect.stringMatching(/(Invalid data|No such file)/),
      });
    }
    await expect(assemble("bad.mp4", [])).rejects.toMatchObject({ code: "MEDIA_REFUSED" });
    expect((await shop.names()).filter((name) => name.startsWith("bad"))).toEqual([]);
  });

  test("does not follow a clip that is in truth a playlist", async () => {
    const tone = await shop.makeTone("tone2.wav", 440, 1);
    const good = await shop.makeClip("target.mp4", "green", 1);
    await writeFile(shop.path("list.mp4"), `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${good}\n#EXT-X-ENDLIST\n`);
    const clip = { videoPath: shop.path("list.mp4"), narrationPath: tone, soundPath: tone };
    await expect(assemble("leak.mp4", [clip])).rejects.toMatchObject({ code: "MEDIA_FAILED" });
  });

  test("never drifts from the narrations, however many clips", () => {
    const narrations = Array.from({ length: 18 }, (_, index) => 4.011 + index * 0.019);
    const planned = planSegments(narrations, 25).reduce((sum, { seconds }) => sum + seconds, 0);
    expect(Math.abs(planned - narrations.reduce((sum, seconds) => sum + seconds, 0))).toBeLessThanOrEqual(0.02);
    expect(planSegments([0.001, 0.001], 25).map(({ frames }) => frames)).toEqual([1, 1]);
  });
});
