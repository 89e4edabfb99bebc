import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createMediaTools } from "@millrace/providers";
import { until } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../processes/cluster.ts";
import { type Gate, SMALL, type VideoCalls, videoCalls } from "./video-calls.fixture.ts";

let cluster: Cluster;
let calls: VideoCalls;
beforeAll(async () => {
  cluster = await startCluster({ env: SMALL });
  calls = videoCalls(cluster);
  await cluster.startWorker("one");
});
afterAll(() => cluster?.close());

const APPROVED = { decision: "approved" };
/** Where a task stands that waits at a gate. */
const AT: Record<Gate, string> = {
  assets: "assets_ready",
  video: "video_ready",
  audio: "audio_ready",
  final: "final_review",
};

async function approve(id: string, ...gates: Gate[]): Promise<void> {
  for (const gate of gates) {
    await calls.reaches(id, AT[gate]);
    await calls.review(id, gate, APPROVED);
  }
}

async function bytesOf(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${cluster.base}${path}`, { headers: { authorization: `Bearer ${cluster.key}`, ...headers } });
}

/** What ffprobe says of an MP4. */
async function probe(bytes: Buffer): Promise<{ codecs: string[]; width: number; height: number; seconds: number }> {
  const path = join(cluster.folder, "probed.mp4");
  await writeFile(path, bytes);
  const { command } = await createMediaTools().ffprobe();
  const args = ["-v", "error", "-show_streams", "-show_format", "-of", "json", path];
  const { stdout } = await promisify(execFile)(command, args);
  const { streams, format } = JSON.parse(stdout) as {
    streams: { codec_name: string; width?: number; height?: number }[];
    format: { duration: string };
  };
  const picture = streams.find(({ width }) => width !== undefined);
  return {
    codecs: streams.map(({ codec_name }) => codec_name).sort(),
    width: picture?.width ?? 0,
    height: picture?.height ?? 0,
    seconds: Number(format.duration),
  };
}

describe("a video", () => {
  test("goes from draft through four gates to the library, by exactly the states there are (C-Q05, C-Q23, C-Q25)", {
    timeout: 400_000,
  }, async () => {
    await calls.putChannel("nature", { default_privacy: "public" });
    const id = await calls.plan("nature");
    expect(await calls.find(id)).toMatchObject({ status: "draft", run_no: 0, job: null });
    await calls.queue(id);
    await approve(id, "assets", "video", "audio", "final");
    const task = await calls.reaches(id, "published");
    expect(await calls.statuses(id)).toEqual([
      ...["draft", "queued", "claimed", "generating_assets", "assets_ready"],
      ...["assets_approved", "queued", "claimed", "generating_composites", "composites_ready"],
      ...["generating_video", "video_ready", "video_approved", "queued", "claimed", "generating_audio", "audio_ready"],
      ...["audio_approved", "queued", "claimed", "generating_sfx", "sfx_ready", "assembling", "assembly_ready"],
      ...["final_review", "approved", "queued", "claimed", "uploading", "published"],
    ]);
    expect(task).toMatchObject({ run_no: 1, error_code: null, error_log: null, total_cost_usd: 0 });
    expect(task.final_video_duration).toBeGreaterThan(1);

    const units = await calls.units(id);
    const counts = new Map<string, number>();
    for (const { step } of units) counts.set(step, (counts.get(step) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({ assets: 3, composites: 3, video: 3, audio: 3, sfx: 3, assembly: 1 });
    expect(calls.made(id)).toHaveLength(16);

    const { body } = await cluster.call("GET", "/library");
    expect(body.videos).toMatchObject([
      { title: "How bees find their way", privacy: "public", width: 320, height: 180 },
    ]);
    const address = `/library/${body.videos[0].video_id}/video.mp4`;
    const whole = Buffer.from(await (await fetch(`${cluster.base}${address}`)).arrayBuffer());
    expect(whole.length).toBe(body.videos[0].bytes);
    const facts = await probe(whole);
    expect(facts).toMatchObject({ codecs: ["aac", "h264"], width: 320, height: 180 });
    expect(facts.seconds).toBeCloseTo(task.final_video_duration, 0);
    const part = await fetch(`${cluster.base}${address}`, { headers: { range: "bytes=100-299" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 100-299/${whole.length}`);
    expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(100, 300))).toBe(true);
    const own = await bytesOf(`/tasks/${id}/video`);
    expect(Buffer.from(await own.arrayBuffer()).equals(whole)).toBe(true);
  });

  test("whose clip 2 is rejected gets that clip alone anew, and nothing unchanged is asked again", {
    timeout: 400_000,
  }, async () => {
    await calls.putChannel("space", { gates: { assets: "off" } });
    const id = await calls.plan("space", { title: "The moons of Jupiter", topic: "moons" });
    await calls.queue(id);
    await approve(id, "video", "audio");
    await calls.reaches(id, "final_review");
    const before = await calls.units(id);
    await calls.review(id, "final", { decision: "rejected", comment: "clip 2 shakes", step: "video", clips: [2] });
    const rejected = await calls.reaches(id, "video_error");
    expect(rejected.error_log).toContain("clip 2 shakes");
    const { body: history } = await cluster.call("GET", `/tasks/${id}/runs`);
    expect(history.runs).toMatchObject([{ outcome: "video_error", error_code: "REVIEW_REJECTED" }]);
    await calls.queue(id);
    await approve(id, "video", "final");
    await calls.reaches(id, "published");
    const after = await calls.units(id);
    const changed = after
      .filter(
        (unit) => !before.some((old) => old.step === unit.step && old.unit === unit.unit && old.sha256 === unit.sha256),
      )
      .map(({ step, unit, take }) => `${step} ${unit} ${take}`);
    expect(changed.filter((unit) => !unit.startsWith("assembly"))).toEqual([expect.stringMatching(/^video .*0?2 2$/)]);
    const again = calls.made(id).filter(({ step, take }) => step === "video" && take === 2);
    expect(again).toHaveLength(1);
    expect(calls.made(id).filter(({ step }) => ["assets", "composites", "audio", "sfx"].includes(step))).toHaveLength(
      12,
    );
    // the audio gate was asked once, in the first run
    expect((await calls.statuses(id)).filter((status) => status === "audio_approved")).toHaveLength(2);
    const gates = await cluster.sql<{ gate: string }[]>`
      select r.gate from reviews r join task_runs t on t.job_id = r.job_id where t.task_id = ${id} order by r.at`;
    expect(gates.map(({ gate }) => gate)).toEqual(["video", "audio", "final", "video", "final"]);
  });

  test("shows every unit as the bytes it says", { timeout: 120_000 }, async () => {
    const id = await until(async () => {
      const { body } = await cluster.call("GET", "/tasks?status=published&limit=1");
      return body.tasks[0]?.id as string | undefined;
    });
    for (const unit of await calls.units(id)) {
      const response = await bytesOf(`/tasks/${id}/units/${unit.step}/${unit.unit}`);
      expect(response.headers.get("content-type")).toBe(unit.media_type);
      const sha256 = createHash("sha256")
        .update(Buffer.from(await response.arrayBuffer()))
        .digest("hex");
      expect(sha256, `${unit.step} ${unit.unit}`).toBe(unit.sha256);
    }
  });
});
