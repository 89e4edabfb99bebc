import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLocalNarrator } from "./local-narrator.ts";
import { createLocalSoundMaker } from "./local-sound-maker.ts";
import { createMediaTools } from "./media-tools.ts";
import { openWorkshop, type Workshop } from "./media-workshop.contract.ts";
import { probeMedia } from "./probe-media.ts";
import { soundLayers } from "./sound-layers.ts";
import { VOICES, voiceOf } from "./voice-of.ts";
import { readWav, secondsOf, writeWav } from "./wav-file.ts";

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop.close());

describe("C-Q25 narration spoken here", () => {
  const speak = (text: string, voiceId: string, name: string, tools = shop.tools) =>
    createLocalNarrator({ tools }).speak({ text, voiceId, outputPath: shop.path(name), signal: shop.signal });

  test("is a wav of 22 to 48 kHz with a voice in it, and its length is the real one", async () => {
    const made = await speak("The mill stands by the river.", "narrator", "voice.wav");
    const { seconds, audio } = await probeMedia(shop.tools, made.path, shop.signal);
    expect(made).toMatchObject({ mediaType: "audio/wav", usage: { provider: "local", units: 29, costUsd: 0 } });
    expect(audio?.codec_name).toBe("pcm_s16le");
    expect(audio?.sample_rate).toBeGreaterThanOrEqual(22_000);
    expect(audio?.sample_rate).toBeLessThanOrEqual(48_000);
    expect(made.seconds).toBeCloseTo(seconds, 2);
    expect(made.seconds).toBeGreaterThan(1);
    expect((await shop.volumeOf(made.path)).max).toBeGreaterThan(-20);
  });

  test("differs by voice, is the same for the same, and takes text that looks like an option", async () => {
    // Without programs on PATH: the npm package's voices.
    const tools = createMediaTools({ commands: { speech: "no-such-espeak" } });
    const spoken = [
      ["narrator", "one.wav"],
      ["narrator", "two.wav"],
      ["presenter", "three.wav"],
    ] as const;
    const made = await Promise.all(spoken.map(([voice, name]) => speak("-v --help $(id)", voice, name, tools)));
    for (const { seconds } of made) expect(seconds).toBeGreaterThan(1);
    const [one, two, three] = await Promise.all(
      ["one.wav", "two.wav", "three.wav"].map((name) => readFile(shop.path(name))),
    );
    expect(one?.equals(two as Buffer)).toBe(true);
    expect(one?.equals(three as Buffer)).toBe(false);
  });

  test("is refused for a text without a word", async () => {
    for (const text of ["", " … \n", "a".repeat(5_001)]) {
      await expect(speak(text, "narrator", "none.wav")).rejects.toMatchObject({
        code: "MEDIA_REFUSED",
        retry: "never",
      });
    }
    expect(await shop.names()).not.toContain("none.wav");
  });

  test("has a voice for every id: by name, by language, else always the same one", () => {
    expect(voiceOf("reader")).toEqual(VOICES.reader);
    expect(voiceOf("de+f2")).toMatchObject({ language: "de", variant: "f2" });
    expect(Object.values(VOICES)).toContainEqual(voiceOf("21m00Tcm4TlvDq8ikWAM"));
    expect(voiceOf("21m00Tcm4TlvDq8ikWAM")).toEqual(voiceOf("21m00Tcm4TlvDq8ikWAM"));
    expect(Object.values(VOICES)).toContainEqual(voiceOf("en; rm -rf"));
  });

  test("reads a wav whose header promises more than there is, and refuses what is none", () => {
    const wav = { sampleRate: 22_050, channels: 1, bitsPerSample: 16, samples: Buffer.alloc(44_100, 1) };
    const bytes = writeWav(wav);
    expect(secondsOf(readWav(bytes))).toBe(1);
    bytes.writeUInt32LE(0xffff_ffff, 40);
    expect(secondsOf(readWav(bytes))).toBe(1);
    for (const bad of [Buffer.from("RIFF"), Buffer.alloc(200), bytes.subarray(0, 36)]) {
      expect(() => readWav(bad)).toThrow(expect.objectContaining({ code: "MEDIA_FAILED" }));
    }
  });
});

describe("C-Q25 sound made here", () => {
  const make = (description: string, seconds: number, name: string) =>
    createLocalSoundMaker({ tools: shop.tools }).makeSound({
      description,
      seconds,
      outputPath: shop.path(name),
      signal: shop.signal,
    });

  test.each([
    "rain, thunder, wind and a campfire",
    "ocean waves, footsteps, a busy city, an engine",
    "birds, crickets at night, church bells, a hammer",
    "a ticking clock and a low drone",
    "nothing this knows of",
  ])("is as long as asked and never silent: %s", async (description) => {
    const made = await make(description, 1.5, "sound.wav");
    const { audio } = await probeMedia(shop.tools, made.path, shop.signal);
    expect(made.seconds).toBeCloseTo(1.5, 2);
    expect(audio).toMatchObject({ codec_name: "pcm_s16le", sample_rate: 48_000, channels: 2 });
    const { max, mean } = await shop.volumeOf(made.path);
    expect(mean).toBeGreaterThan(-50);
    expect(max).toBeLessThan(-1);
  });

  test("is chosen by the description's words, at most four over a breath of air", () => {
    const names = (text: string) => soundLayers(text).map(({ name }) => name);
    expect(names("Footsteps in heavy rain")).toEqual(["steps", "rain", "air"]);
    expect(names("")).toEqual(["air"]);
    expect(names("rain wind fire water steps city bells")).toHaveLength(5);
    expect(soundLayers("rain")).toEqual(soundLayers("Rain"));
  });

  test("never asks a tremolo for a frequency that old releases die of", () => {
    const words = "rain storm wind fire sea steps city engine birds night bell knock clock drone".split(" ");
    const graphs = words.flatMap((word) => soundLayers(word)).map(({ graph }) => graph);
    const frequencies = graphs.flatMap((graph) => [...graph.matchAll(/tremolo=f=(?<hertz>[\d.]+)/g)]);
    expect(frequencies.length).toBeGreaterThan(5);
    for (const { groups } of frequencies) expect((48_000 / Number(groups?.["hertz"])) % 2).toBe(0);
  });

  test("is refused without a length", async () => {
    await expect(make("rain", 0, "no.wav")).rejects.toMatchObject({ code: "MEDIA_REFUSED" });
    await expect(make("rain", Number.NaN, "no.wav")).rejects.toMatchObject({ code: "MEDIA_REFUSED" });
  });
});
