import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { complete, fail } from "@millrace/core";
import { until } from "@millrace/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FAILURE, makeChannel, makeTask, parkAfter } from "../../apps/api/src/endpoints/video/video.fixture.ts";
import { startTestApi, type TestApi } from "../../apps/api/src/test-api.fixture.ts";
import { runCli } from "../../apps/cli/src/run-cli.fixture.ts";

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-task-cli-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** `millrace …` in this process, against this API. */
const cli = (...args: string[]) =>
  runCli(args, {
    MILLRACE_API_URL: api.url,
    MILLRACE_API_KEY: api.keys.own,
    MILLRACE_DATA: join(folder, "data"),
    DATABASE_URL: api.databaseUrl,
  });

const statusOf = async (id: string): Promise<string> => (await api.call("readTask", { params: { id } })).body.status;

/** Queued by the command; the id of its job. */
async function queued(id: string): Promise<string> {
  const { code, stdout, stderr } = await cli("tasks", "queue", id);
  expect(code, stderr).toBe(0);
  return /as job (\S+)/.exec(stdout)?.[1] ?? "";
}

/** As if the steps before had been made. */
const skipTo = (jobId: string, step: string) =>
  api.sql("update pipeline_jobs set stage = $2 where id = $1::uuid", [jobId, step]);

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe("millrace tasks", () => {
  it("creates a task from options and files, lists, counts, changes and deletes it", async () => {
    const channel = await makeChannel(api);
    const words = await fileOf("words.txt", "One.\n\nTwo.\n");
    const made = await cli(
      ...["tasks", "create", "--channel", channel, "--title", "Bees", "--topic", "How bees find home", "--json"],
      ...["--story", "calm", "--narration-file", words, "--priority", "high", "--privacy", "unlisted"],
    );
    const task = JSON.parse(made.stdout);
    expect(task).toMatchObject({
      status: "draft",
      priority: "high",
      privacy: "unlisted",
      narration_scripts: ["One.", "Two."],
    });
    const list = (await cli("tasks", "list", "--channel", channel, "--status", "draft", "--status", "queued")).stdout;
    expect(list).toMatch(new RegExp(`^${task.id} {2}draft +high +${channel} +Bees$`, "m"));
    expect((await cli("tasks", "--channel", channel, "--status", "published")).stdout).toBe("No tasks.\n");
    expect((await cli("tasks", "counts", "--channel", channel)).stdout).toMatch(/^draft +1\nall +1$/m);
    expect((await cli("tasks", "set", task.id, "--priority", "low")).stdout).toContain(" low ");
    expect(await cli("tasks", "set", task.id)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Nothing to set"),
    });
    expect((await cli("tasks", "delete", task.id)).stdout).toContain("deleted");
    expect(await cli("tasks", "show", task.id)).toMatchObject({ code: 1, stderr: expect.stringContaining("404") });
  });

  it("queues several at once, says which were not, and takes one out again", async () => {
    const channel = await makeChannel(api);
    const [a, b] = [await makeTask(api, channel), await makeTask(api, channel, { queue: true })];
    const both = await cli("tasks", "queue", a.id, b.id);
    expect(both).toMatchObject({ code: 1, stdout: expect.stringContaining(`${a.id}  queued from assets`) });
    expect(both.stderr).toContain(b.id);
    expect((await cli("tasks", "unqueue", a.id, "--reason", "too soon")).stdout).toContain("a draft again");
    expect((await cli("tasks", "show", a.id)).stdout).toContain("cancelled: too soon");
    expect((await cli("tasks", "cancel", b.id)).stdout).toContain("a draft again");
    expect(await cli("tasks", "cancel", b.id)).toMatchObject({ code: 1, stderr: expect.stringContaining("409") });
  });

  it("follows a task to its gate, finds the gate to approve by itself, and goes on following", async () => {
    const task = await makeTask(api, await makeChannel(api));
    const jobId = await queued(task.id);
    const watching = cli("tasks", "watch", task.id);
    await parkAfter(api, jobId, "assets", "assets");
    const seen = await watching;
    expect(seen.code).toBe(0);
    for (const line of [/queued +→ claimed/, /generating_assets +→ assets_ready/, /decision at assets/]) {
      expect(seen.stdout).toMatch(line);
    }
    expect((await cli("tasks", "show", task.id)).stdout).toMatch(/kept by +waits for a decision at assets/);
    const approving = cli("tasks", "approve", task.id, "--comment", "fine", "--wait");
    await until(async () => (await statusOf(task.id)) === "queued");
    await api.settle(jobId, fail({ ...FAILURE, stage: "composites" }));
    const { code, stdout, stderr } = await approving;
    expect(stdout).toContain(`${task.id}  approved at assets: applied`);
    expect(stdout).toMatch(/assets_approved +→ queued/);
    expect(stdout, "was told before").not.toContain("draft");
    expect(stderr).toContain("asset_error: composites MEDIA_REFUSED");
    expect(code).toBe(1);
    const shown = (await cli("tasks", "show", task.id)).stdout;
    for (const line of [/approved by key:\S+: fine/, /composites {2}MEDIA_REFUSED {2}it will not be drawn/])
      expect(shown).toMatch(line);
    const retried = await cli("tasks", "retry", task.id, "--step", "assets");
    expect(retried.stdout).toContain("queued from assets");
  });

  it("rejects clips with a reason, at the last gate with a step", async () => {
    const task = await makeTask(api, await makeChannel(api));
    const jobId = await queued(task.id);
    const early = await cli("tasks", "approve", task.id);
    expect(early).toMatchObject({ code: 1, stderr: expect.stringContaining("nobody is asked now") });
    await skipTo(jobId, "assembly");
    await parkAfter(api, jobId, "assembly", "final");
    expect((await cli("tasks", "reject", task.id)).code).toBe(1);
    expect((await cli("tasks", "reject", task.id, "--reason", "x", "--clips", "2,a")).stderr).toContain(
      "numbers of clips",
    );
    expect(await cli("tasks", "reject", task.id, "--reason", "too dark")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("step"),
    });
    const done = await cli("tasks", "reject", task.id, "--reason", "too dark", "--step", "video", "--clips", "5,2");
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining("rejected at final: applied") });
    expect(await statusOf(task.id)).toBe("video_error");
    const { body } = await api.call("listJobReviews", { params: { id: jobId } });
    expect(body.gates[0].reviews[0].comment).toBe("too dark");
  });

  it("ends with 0 when the video is published", async () => {
    const task = await makeTask(api, await makeChannel(api));
    const jobId = await queued(task.id);
    await skipTo(jobId, "upload");
    await api.settle(jobId, complete({ output: {}, warnings: [] }));
    const { code, stdout } = await cli("tasks", "watch", task.id);
    expect([code, stdout.includes("Published: ")]).toEqual([0, true]);
    const missing = await cli("tasks", "download", task.id, "--out", join(folder, "v.mp4"));
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("404") });
    await expect(readFile(join(folder, "v.mp4"))).rejects.toThrow("ENOENT");
  });
});

describe("channels of videos", () => {
  const FILE = "channel_id: reef\nchannel_name: The reef\nnotion_database_id: null\nscale: { clips: 4, seconds: 20 }\n";

  it("are made from a file, shown and deleted; a wrong file is refused by field before anything is sent", async () => {
    expect((await cli("channels", "put", await fileOf("reef.yaml", FILE))).stdout).toMatch(/^reef {2}The reef {2}/);
    const shown = (await cli("channels", "show", "reef")).stdout;
    for (const part of ["The reef", "0 of at most 2 in progress", '"clips":4', "from the API"])
      expect(shown).toContain(part);
    const wrong = await cli("channels", "put", await fileOf("wrong.yaml", `${FILE}max_concurrent: 99\n`));
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("max_concurrent: ") });
    expect((await cli("channels", "delete", "reef")).stdout).toContain("deleted");
    expect((await cli("channels", "show", "reef")).stderr).toContain("404");
  });

  it("say what was spent, by component", async () => {
    const channel = await makeChannel(api);
    const task = await makeTask(api, channel);
    await api.sql(
      `insert into task_costs (task_id, channel_id, run_no, component, step, provider, cost_usd, api_calls, units)
       select id, channel_id, 1, 'kie_video', 'video', 'kie', 1.26, 3, 3 from tasks where id = $1`,
      [task.id],
    );
    const { stdout } = await cli("costs", "--channel", channel, "--by", "day");
    expect(stdout).toMatch(
      new RegExp(`^\\d{4}-\\d\\d-\\d\\d {2}${channel} +kie_video +\\$ 1\\.2600 {2}3 calls for 1 tasks$`, "m"),
    );
    expect(stdout).toContain("$ 1.2600 in all");
    expect((await cli("costs", "--from", "yesterday")).stderr).toContain("400");
  });
});
