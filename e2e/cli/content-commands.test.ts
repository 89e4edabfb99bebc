import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "@millrace/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { startTestApi, type TestApi } from "../../apps/api/src/test-api.fixture.ts";
import { runCli } from "../../apps/cli/src/run-cli.fixture.ts";

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-content-cli-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const settings = (url = api.url) => ({
  MILLRACE_API_URL: url,
  MILLRACE_API_KEY: api.keys.own,
  MILLRACE_DATA: join(folder, "data"),
});

/** `millrace content …` in this process. */
async function content(args: readonly string[], url?: string) {
  const { code, stdout: out, stderr: err } = await runCli(["content", ...args], settings(url));
  return { code, out, err, json: () => JSON.parse(out) };
}

let uploads = 0;
/** A content of its own tag, so that tests do not see each other's; its job waits. */
async function uploaded(tag: string, title: string): Promise<{ id: string; jobId: string }> {
  const form = new FormData();
  form.append("file", new Blob([`# ${title}\n\nText ${uploads++}.\n`]), "notes.md");
  form.append("title", title);
  form.append("tags", tag);
  const { body } = await api.call("uploadContent", { body: form });
  return { id: body.content_id, jobId: body.job_id };
}

async function cancelled(tag: string, title: string): Promise<string> {
  const { id, jobId } = await uploaded(tag, title);
  await api.call("cancelJob", { params: { id: jobId } });
  return id;
}

async function completed(tag: string, title: string, jobId?: string): Promise<string> {
  const made = jobId === undefined ? await uploaded(tag, title) : { id: "", jobId };
  await api.finish(made.jobId, {
    title,
    content_type: "markdown",
    source_url: null,
    file_path: null,
    file_size: 9,
    tags: [tag],
    metadata: {},
    unified_result: {
      tags: ["queues", "redis"],
      new_tags: [],
      tier: "B",
      tier_explanation: [],
      quality_score: 64,
      score_explanation: [],
      summary: "It says something.\n\n- one",
      topics: [{ name: "Queues", confidence: "high", edge_type: "discusses", hierarchy: ["Computing", "Queues"] }],
      pre_detected_validations: [],
      additional_entities: [{ type: "tool", name: "Redis", confidence: "high", edge_type: "uses" }],
      model: "test",
      processed_at: "2026-03-01T10:00:00.000Z",
    },
    aliases: [],
    usage: null,
  });
  return made.id;
}

const jobsOf = async (id: string): Promise<number> => {
  const { body } = await api.call("listJobs", { query: { content_id: id } });
  return body.jobs.length;
};

/** Stands between the command and the API and may answer by itself. */
async function gatekeeper(answers: (request: IncomingMessage, response: ServerResponse) => boolean) {
  const server: Server = createServer(async (request, response) => {
    if (answers(request, response)) return;
    const { authorization = "" } = request.headers;
    const passed = await fetch(new URL(request.url ?? "/", api.url), {
      method: request.method ?? "GET",
      headers: { authorization },
    });
    response.writeHead(passed.status, { "content-type": "application/json" }).end(await passed.text());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

describe("millrace content classify (A-S22, A-Q18)", { timeout: 120_000 }, () => {
  it("starts a run for what has no result, and leaves alone what is active or finished", async () => {
    const [one, two] = [await cancelled("c1", "one"), await cancelled("c1", "two")];
    const waiting = await uploaded("c1", "waiting");
    const finished = await completed("c1", "finished");
    const { code, json } = await content(["classify", "--tag", "c1", "--json"]);
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      command: "classify",
      dry_run: false,
      outcomes: { submitted: 2, already_active: 1 },
      failures: [],
      interrupted: false,
    });
    expect(await Promise.all([one, two, waiting.id, finished].map(jobsOf))).toEqual([2, 2, 1, 1]);
  });

  it("changes nothing in a dry run, and says which contents", async () => {
    const id = await cancelled("c2", "dry");
    const { code, out } = await content(["classify", "--tag", "c2", "--status", "cancelled", "--dry-run"]);
    expect([code, await jobsOf(id)]).toEqual([0, 1]);
    expect(out).toBe(`${id}  dry\nWould do 1 of 1 contents. Nothing was changed.\n`);
  });
});

describe("millrace content reprocess (A-S22, A-S23, A-Q18)", { timeout: 120_000 }, () => {
  it("wants to be told which contents", async () => {
    expect(await content(["reprocess"])).toMatchObject({ code: 1, err: expect.stringContaining("Which contents?") });
    const nobody = "0197a6f0-0000-7000-8000-00000000beef";
    expect(await content(["reprocess", nobody])).toMatchObject({
      code: 1,
      err: expect.stringContaining("404 NOT_FOUND"),
    });
  });

  it("runs a finished content again only when forced, and not while it runs", async () => {
    const id = await completed("r1", "done");
    expect((await content(["reprocess", id, "--json"])).json().outcomes).toEqual({ already_completed: 1 });
    expect((await content(["reprocess", id, "--force", "--json"])).json().outcomes).toEqual({ submitted: 1 });
    expect((await content(["reprocess", id, "--force", "--json"])).json().outcomes).toEqual({ already_active: 1 });
    expect(await jobsOf(id)).toBe(2);
  });

  it("takes every content of a filter, over several pages", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 105; n++) ids.push(await cancelled("r2", `content ${n}`));
    const { code, json } = await content(["reprocess", "--tag", "r2", "--json", "--concurrency", "8"]);
    expect([code, json().total, json().outcomes]).toEqual([0, 105, { submitted: 105 }]);
    expect(await jobsOf(ids[0] ?? "")).toBe(2);
  });

  it("goes on after one that fails, exits 1, and the next run does only that one", async () => {
    const ids = [await cancelled("r3", "a"), await cancelled("r3", "b"), await cancelled("r3", "c")];
    let isBroken = true;
    const gate = await gatekeeper((request, response) => {
      if (!isBroken || request.method !== "POST" || !request.url?.includes(ids[1] ?? "")) return false;
      response.writeHead(500, { "content-type": "application/problem+json" });
      response.end('{"code":"INTERNAL","detail":"broken"}');
      return true;
    });
    const args = ["reprocess", "--tag", "r3"];
    const first = await content([...args, "--json"], gate.url);
    expect([first.code, first.json().outcomes]).toEqual([1, { submitted: 2 }]);
    expect(first.json().failures).toEqual([{ content_id: ids[1], message: "500 INTERNAL: broken" }]);
    isBroken = false;
    const second = await content(args, gate.url);
    expect(second.code).toBe(0);
    expect(second.out).toMatch(/Going on with the run of .*: 2 are done/);
    expect(second.out).toContain("3 contents, 1 submitted, 0 failed");
    expect((await content([...args, "--json"], gate.url)).json()).toMatchObject({ done_before: 0, total: 3 });
    await gate.close();
  });

  it("waits as long as an API over its rate says, and asks again", async () => {
    const id = await cancelled("r4", "a");
    let refusals = 0;
    const gate = await gatekeeper((request, response) => {
      if (request.method !== "POST" || refusals++ > 0) return false;
      response.writeHead(429, { "content-type": "application/problem+json", "retry-after": "0" });
      response.end('{"code":"RATE_LIMITED"}');
      return true;
    });
    expect((await content(["reprocess", id, "--json"], gate.url)).json().outcomes).toEqual({ submitted: 1 });
    expect(refusals).toBe(2);
    await gate.close();
  });

  it.each(["SIGKILL", "SIGINT"] as const)(
    "after %s goes on where it was, and nothing is run twice",
    async (signal) => {
      const tag = `k-${signal.toLowerCase()}`;
      const ids: string[] = [];
      for (let n = 0; n < 6; n++) ids.push(await completed(tag, `content ${n}`));
      const asked: string[] = [];
      const held: (() => void)[] = [];
      let isHolding = true;
      const gate = await gatekeeper((request, response) => {
        if (request.method !== "POST") return false;
        asked.push(request.url ?? "");
        if (!isHolding || asked.length <= 3) return false;
        // a refusal that leaves the content as it was
        held.push(() => response.writeHead(400, { "content-type": "application/json" }).end('{"code":"STOPPED"}'));
        return true;
      });
      const args = ["content", "reprocess", "--tag", tag, "--force", "--concurrency", "1"];
      const child: ChildProcess = fork(fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url)), args, {
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...settings(gate.url) },
        execArgv: ["--conditions=millrace-source", "--import", "tsx"],
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
      const ended = once(child, "exit");
      await until(() => asked.length === 4, { timeoutMs: 60_000, message: () => `the fourth request\n${output}` });
      child.kill(signal);
      if (signal === "SIGINT") {
        // delivered before the answer, or the run could go on to the next content
        await until(() => output.includes("Stopping"), { timeoutMs: 30_000, message: () => `the notice\n${output}` });
        for (const release of held) release();
      }
      const [code] = await ended;
      expect(code).toBe(signal === "SIGINT" ? 130 : null);
      isHolding = false;
      asked.length = 0;
      const rest = await content(args.slice(1).concat("--json"), gate.url);
      expect(rest.json()).toMatchObject({ total: 6, done_before: 3, outcomes: { submitted: 3 }, failures: [] });
      expect(asked).toHaveLength(3);
      expect(await Promise.all(ids.map(jobsOf))).toEqual([2, 2, 2, 2, 2, 2]);
      await gate.close();
    },
    120_000,
  );
});

describe("millrace content export-summaries (A-S22, A-Q18)", { timeout: 120_000 }, () => {
  const exported = (...more: string[]) =>
    content(["export-summaries", "--out", join(folder, "out"), "--json", ...more]);
  const names = () => readdir(join(folder, "out"));

  it("writes a file with front matter for each content that has a result, under a name that stays", async () => {
    const title = 'Größe: "zehn" --- ../../etc\n- x';
    const id = await completed("e1", title);
    await cancelled("e1", "without a result");
    expect((await exported("--tag", "e1")).json()).toMatchObject({ total: 1, outcomes: { written: 1 } });
    const { body } = await api.call("readContent", { params: { id } });
    const [name, ...others] = await names();
    expect(others).toEqual([]);
    expect(name).toBe(`${body.created_at.slice(0, 10)}-gro-e-zehn-etc-x-${id.slice(-12)}.md`);
    const [, matter, text] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(
      await readFile(join(folder, "out", name!), "utf8"),
    )!;
    expect(parseYaml(matter!)).toEqual({
      title: body.title,
      content_id: id,
      content_type: "markdown",
      source_url: null,
      tier: "B",
      quality_score: 64,
      tags: ["queues", "redis", "e1"],
      topics: ["Computing > Queues"],
      created_at: body.created_at,
      processed_at: body.processed_at,
      updated_at: body.updated_at,
      pipeline_version: body.pipeline_version,
    });
    expect(text).toContain("It says something.\n\n- one\n");
    expect(text).toContain("- Redis (tool)");
  });

  it("writes nothing in a dry run", async () => {
    await completed("e2", "a");
    expect((await exported("--tag", "e2", "--dry-run")).json()).toMatchObject({ total: 1, outcomes: {} });
    await expect(names()).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("written again leaves alone what is up to date, replaces what has changed, and no stranger's file", async () => {
    await completed("e3", "stays");
    const id = await completed("e3", "old name");
    await exported("--tag", "e3");
    const before = await names();
    await writeFile(join(folder, "out", "mine.md"), "mine");
    expect((await exported("--tag", "e3")).json().outcomes).toEqual({ unchanged: 2 });
    expect(await names()).toEqual([...before, "mine.md"].sort());

    const { body } = await api.call("reprocessContent", { params: { id }, query: { force: true } });
    await completed("e3", "new name", body.job_id);
    expect((await exported("--tag", "e3")).json().outcomes).toEqual({ unchanged: 1, written: 1 });
    const after = await names();
    expect(after).toHaveLength(3);
    expect(after.filter((name) => name.includes("old-name"))).toEqual([]);
    expect(after.filter((name) => name.includes("new-name"))).toHaveLength(1);
  });
});
