import { readFile, writeFile } from "node:fs/promises";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { captionOf } from "./images/caption.ts";
import { sceneOf } from "./images/scene-of.ts";
import { createLocalCompositor } from "./local-compositor.ts";
import { createLocalImageMaker } from "./local-image-maker.ts";
import { openWorkshop, type Workshop } from "./media-workshop.contract.ts";

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop.close());

const maker = createLocalImageMaker();
const compositor = createLocalCompositor();

async function draw(
  name: string,
  asked: {
    prompt?: string;
    kind?: "character" | "environment" | "prop";
    seed?: string;
    width?: number;
    height?: number;
  } = {},
) {
  const {
    prompt = "A harbour at sunset. Warm light",
    kind = "environment",
    seed = "1",
    width = 320,
    height = 180,
  } = asked;
  const call = { prompt, kind, seed, width, height, outputPath: shop.path(name), signal: shop.signal };
  return maker.makeImage(call);
}

/** The colours and opacity of one pixel. */
async function pixelOf(path: string, left: number, top: number): Promise<readonly number[]> {
  const { data } = await sharp(await readFile(path))
    .ensureAlpha()
    .extract({ left, top, width: 1, height: 1 })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return [...data];
}

async function flat(name: string, background: string, size = { width: 640, height: 360 }): Promise<string> {
  const png = await sharp({ create: { ...size, channels: 3, background } })
    .png()
    .toBuffer();
  await writeFile(shop.path(name), png);
  return shop.path(name);
}

describe("C-Q25 images drawn here", () => {
  test("are PNGs of the asked size and cost nothing", async () => {
    const made = await draw("place.png");
    const bytes = await readFile(made.path);
    expect(await sharp(bytes).metadata()).toMatchObject({ format: "png", width: 320, height: 180, hasAlpha: false });
    expect(made).toMatchObject({
      mediaType: "image/png",
      bytes: bytes.length,
      usage: { provider: "local", calls: 1, units: 1, costUsd: 0 },
    });
  });

  test("are the same for the same prompt and seed, others for another of either", async () => {
    const [first, again, otherSeed, otherPrompt] = await Promise.all([
      draw("a.png"),
      draw("b.png"),
      draw("c.png", { seed: "2" }),
      draw("d.png", { prompt: "A harbour at night" }),
    ]);
    const bytes = await Promise.all([first, again, otherSeed, otherPrompt].map(({ path }) => readFile(path)));
    expect(bytes[1]?.equals(bytes[0] as Buffer)).toBe(true);
    expect(bytes[2]?.equals(bytes[0] as Buffer)).toBe(false);
    expect(bytes[3]?.equals(bytes[0] as Buffer)).toBe(false);
  });

  test.each(["character", "prop"] as const)("of a %s stand on nothing, with something in the middle", async (kind) => {
    const { path } = await draw(`${kind}.png`, { kind, prompt: "A blue captain with a map", width: 200, height: 300 });
    for (const [x, y] of [
      [0, 0],
      [199, 0],
      [0, 150],
      [199, 150],
    ] as const)
      expect((await pixelOf(path, x, y))[3]).toBe(0);
    expect((await pixelOf(path, 100, kind === "character" ? 145 : 220))[3]).toBeGreaterThan(200);
  });

  test("show their subject in letters, on a machine without fonts as well", async () => {
    // With the strip alone no pixel of the row is near white: the night is dark.
    const { path } = await draw("named.png", { prompt: "Forest in rain at night", width: 640, height: 360 });
    const { data } = await sharp(await readFile(path))
      .extract({ left: 200, top: 44, width: 240, height: 26 })
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(data.filter((value) => value > 225).length).toBeGreaterThan(150);
  });

  test("take their place, weather, time and name from the prompt's words", () => {
    expect(sceneOf("A harbour below the mountains at dusk, light rain")).toEqual({
      place: "sea",
      time: "dusk",
      weather: "rain",
    });
    expect(sceneOf("something else")).toEqual({ place: "field", time: "day", weather: "clear" });
    expect(captionOf("Old <captain> & crew with a coat, grey", false)).toBe("Old <captain> & crew");
    expect(captionOf("  A very quiet\nharbour at dawn. Warm", true)).toBe("A very quiet harbour at dawn");
    expect(captionOf("", true)).toBe("");
  });

  test("also come from odd prompts, and are refused beyond sensible sizes", async () => {
    for (const prompt of ["", "& <b> </svg> \u0000 \u{1F40B}", "x".repeat(30_000)]) {
      expect((await draw("odd.png", { prompt, width: 64, height: 64 })).bytes).toBeGreaterThan(0);
    }
    for (const size of [{ width: 0 }, { height: 10_000 }, { width: 100.5 }]) {
      await expect(draw("never.png", size)).rejects.toMatchObject({ code: "MEDIA_REFUSED", retry: "never" });
    }
    expect(await shop.names()).not.toContain("never.png");
  });

  test("stop at an abort and leave nothing", async () => {
    const reason = new Error("stopped");
    const call = {
      prompt: "x",
      kind: "prop",
      seed: "1",
      width: 64,
      height: 64,
      outputPath: shop.path("gone.png"),
    } as const;
    await expect(maker.makeImage({ ...call, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect((await shop.names()).filter((name) => name.startsWith("gone"))).toEqual([]);
  });
});

describe("C-S11 frames put together here", () => {
  const compose = async (name: string, call: Partial<Parameters<typeof compositor.composeFrame>[0]>) =>
    compositor.composeFrame({
      environmentPath: await flat("red.png", "#c02020"),
      figurePaths: [],
      layout: "single",
      outputPath: shop.path(name),
      signal: shop.signal,
      ...call,
    });

  test("are exactly 1920 by 1080, whatever the assets' sizes", async () => {
    const tall = await flat("tall.png", "#2040c0", { width: 300, height: 900 });
    const { path } = await compose("frame.png", { environmentPath: tall });
    expect(await sharp(await readFile(path)).metadata()).toMatchObject({
      format: "png",
      width: 1920,
      height: 1080,
      hasAlpha: false,
    });
    expect((await pixelOf(path, 10, 10)).slice(0, 3)).toEqual([0x20, 0x40, 0xc0]);
  });

  test("show two halves of 960 when split, each with its figures", async () => {
    const second = await flat("blue.png", "#2020c0");
    const figure = await flat("black.png", "#101010", { width: 50, height: 100 });
    // Transparent round the figure, so that it is shown as it is.
    const framed = shop.path("framed.png");
    await writeFile(
      framed,
      await sharp(await readFile(figure))
        .extend({ left: 25, right: 25, background: { r: 0, g: 0, b: 0, alpha: 0 } })
        .png()
        .toBuffer(),
    );
    const { path } = await compose("split.png", {
      layout: "split",
      secondEnvironmentPath: second,
      figurePaths: [framed, framed],
    });
    expect((await pixelOf(path, 20, 20)).slice(0, 3)).toEqual([0xc0, 0x20, 0x20]);
    expect((await pixelOf(path, 950, 20)).slice(0, 3)).toEqual([0xc0, 0x20, 0x20]);
    expect((await pixelOf(path, 970, 20)).slice(0, 3)).toEqual([0x20, 0x20, 0xc0]);
    expect((await pixelOf(path, 1900, 20)).slice(0, 3)).toEqual([0x20, 0x20, 0xc0]);
    for (const middle of [480, 1440])
      expect((await pixelOf(path, middle, 700)).slice(0, 3)).toEqual([0x10, 0x10, 0x10]);
    await expect(compose("half.png", { layout: "split" })).rejects.toMatchObject({ code: "MEDIA_REFUSED" });
  });

  test("cut a figure's plain background away but leave the same colour inside it", async () => {
    const ring = `<svg width="200" height="200"><rect width="200" height="200" fill="#fff"/><circle cx="100" cy="100" r="70" fill="#208020"/><circle cx="100" cy="100" r="30" fill="#fff"/></svg>`;
    await writeFile(shop.path("ring.png"), await sharp(Buffer.from(ring)).removeAlpha().png().toBuffer());
    const { path } = await compose("ring-frame.png", { figurePaths: [shop.path("ring.png")] });
    // The figure is 778 pixels square, its foot at 1015, its middle at (960, 626).
    expect((await pixelOf(path, 960 - 370, 626 - 370)).slice(0, 3)).toEqual([0xc0, 0x20, 0x20]);
    expect((await pixelOf(path, 960 + 190, 626)).slice(0, 3)).toEqual([0x20, 0x80, 0x20]);
    expect((await pixelOf(path, 960, 626)).slice(0, 3)).toEqual([255, 255, 255]);
  });

  test("fail with MEDIA_FAILED on an asset that is no image, and leave nothing", async () => {
    await writeFile(shop.path("broken.png"), "no image");
    for (const call of [{ environmentPath: shop.path("broken.png") }, { figurePaths: [shop.path("broken.png")] }]) {
      await expect(compose("bad.png", call)).rejects.toMatchObject({ code: "MEDIA_FAILED", retry: "once" });
    }
    expect((await shop.names()).filter((name) => name.startsWith("bad"))).toEqual([]);
  });
});
