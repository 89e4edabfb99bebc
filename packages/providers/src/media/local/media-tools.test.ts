import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createMediaTools, examineMediaTools } from "./media-tools.ts";

const NOWHERE = { ffmpeg: "no-such-ffmpeg", ffprobe: "no-such-ffprobe", speech: "no-such-espeak" };

test("every program is found on this machine, and doctor says which one it is", async () => {
  const findings = await examineMediaTools();
  expect(findings).toEqual(
    ["program_ffmpeg", "program_ffprobe", "program_espeak_ng"].map((check) => ({
      check,
      severity: "ok",
      message: expect.stringMatching(/^\S+ \S*\d\S*, (on PATH|from its npm package)$/),
    })),
  );
});

test("the npm packages stand in for what is not on PATH", async () => {
  const tools = createMediaTools({ commands: NOWHERE });
  expect(await tools.ffmpeg()).toMatchObject({ foundIn: "npm", command: expect.stringContaining("node_modules") });
  expect(await tools.ffprobe()).toMatchObject({ foundIn: "npm" });
  expect(await tools.speech()).toMatchObject({ foundIn: "npm", kind: "text2wav", version: "0.0.14" });
});

test("what is nowhere is MEDIA_TOOL_MISSING and says what to install", async () => {
  const tools = createMediaTools({ commands: NOWHERE, usePackages: false });
  for (const [find, name] of [
    [tools.ffmpeg, "ffmpeg"],
    [tools.ffprobe, "ffmpeg"],
    [tools.speech, "espeak-ng"],
  ] as const) {
    await expect(find()).rejects.toMatchObject({
      code: "MEDIA_TOOL_MISSING",
      retry: "never",
      details: { fix: expect.stringContaining(`apt-get install ${name}`) },
    });
  }
  const findings = await examineMediaTools(tools);
  expect(findings.map(({ severity, fix }) => [severity, fix])).toEqual([
    ["warning", expect.stringContaining("ffmpeg")],
    ["warning", expect.stringContaining("ffmpeg")],
    ["warning", expect.stringContaining("espeak-ng")],
  ]);
});

test("an ffmpeg that cannot write H.264 is passed over; one that appears later is found", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-tools-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const command = join(folder, "ffmpeg");
  const install = (configuration: string) =>
    writeFile(command, `#!/bin/sh\necho ffmpeg version 9.9\necho configuration: ${configuration}\n`, { mode: 0o755 });
  await install("--disable-gpl");
  const tools = createMediaTools({ commands: { ffmpeg: command }, usePackages: false });
  await expect(tools.ffmpeg()).rejects.toMatchObject({ code: "MEDIA_TOOL_MISSING" });
  await install("--enable-libx264");
  expect(await tools.ffmpeg()).toEqual({ name: "ffmpeg", command, version: "9.9", foundIn: "path" });
});
