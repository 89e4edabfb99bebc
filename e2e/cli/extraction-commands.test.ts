import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "@millrace/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  completed,
  ended,
  failed,
  freshPdf,
  RESULT,
  read,
  upload,
} from "../../apps/api/src/endpoints/extraction/extraction.fixture.ts";
import { startTestApi, type TestApi } from "../../apps/api/src/test-api.fixture.ts";
import { runCli } from "../../apps/cli/src/run-cli.fixture.ts";

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-extraction-cli-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** `millrace …` in this process, against this API and its database. */
const cli = (...args: string[]) =>
  runCli(args, {
    MILLRACE_API_URL: api.url,
    MILLRACE_API_KEY: api.keys.own,
    MILLRACE_DATA: join(folder, "data"),
    DATABASE_URL: api.databaseUrl,
    BLOB_URL: api.blobUrl,
  });

async function fileOf(name: string, bytes: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes, "latin1");
  return path;
}

/** The job of an extraction that nobody has taken yet. */
async function nextJob(filename: string): Promise<string> {
  let found: { job_id: string } | undefined;
  await until(async () => {
    const { body } = await api.call("listExtractions", { query: { status: "pending", limit: 100 } });
    found = body.jobs.find((job: { filename: string }) => job.filename === filename);
    return found !== undefined;
  });
  return found?.job_id ?? "";
}

describe("millrace extract", () => {
  it("uploads files, follows them to their ends, writes the results and fails when one does", async () => {
    const paths = [await fileOf("good.pdf", freshPdf()), await fileOf("bad.pdf", freshPdf())];
    const options = '{"extract_text":false}';
    const running = cli("extract", ...paths, "--options", options, "--out", join(folder, "out"));
    const good = await nextJob("good.pdf");
    const key = `${api.ownerId}/extractions/cli/1.json`;
    await api.blobs.put(key, JSON.stringify(RESULT));
    await api.settle(good, completed({ ...RESULT, result_ref: key }));
    await api.settle(await nextJob("bad.pdf"), failed());
    const { code, stdout, stderr } = await running;
    expect(code).toBe(1);
    expect(stdout).toMatch(/completed {2}\S+good\.pdf: tables 1/);
    expect(stdout).toMatch(/failed {2}\S+bad\.pdf: CONTENT_DAMAGED/);
    expect(stderr).toContain("broken");
    expect(await readdir(join(folder, "out"))).toEqual(["1-good.pdf.json"]);
    expect(JSON.parse(await readFile(join(folder, "out", "1-good.pdf.json"), "utf8"))).toEqual(RESULT);
    expect((await read(api, good)).body.options.extract_text).toBe(false);
    // the good one is known by now
    const again = await cli("extract", paths[0] ?? "", "--options", options);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("known") });
  });

  it("says what the API refuses", async () => {
    const { code, stderr } = await cli("extract", await fileOf("a.docx", "PK\x03\x04"));
    expect(code).toBe(1);
    expect(stderr).toContain("UNSUPPORTED_FORMAT");
  });
});

describe("millrace extractions", () => {
  it("lists, shows, cancels and retries", async () => {
    const bad = await ended(api, failed());
    const waiting = (await upload(api)).body.id;
    const list = (await cli("extractions", "list", "--format", "pdf")).stdout;
    expect(list).toMatch(new RegExp(`${bad} {2}failed .*CONTENT_DAMAGED`));
    expect((await cli("extractions", "list", "--status", "failed")).stdout).not.toContain(waiting);
    expect((await cli("extractions", "list", "--retryable")).stdout).toContain(bad);
    expect((await cli("extractions", "cancel", waiting, "--reason", "wrong")).stdout).toContain("cancelled");
    expect((await cli("extractions", "retry", bad)).stdout).toContain("pending");
    const shown = JSON.parse((await cli("extractions", "show", bad)).stdout);
    expect(shown).toMatchObject({ id: bad, status: "pending", attempts: [{ outcome: "failed" }] });
    expect(await cli("extractions", "retry", waiting)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("409"),
    });
  });

  it("shows how a batch stands", async () => {
    const { body } = await api.call("submitBulk", { body: { files: [{ file_url: "https://e.org/a.pdf" }] } });
    const { stdout } = await cli("extractions", "bulk", body.id);
    expect(stdout).toContain(`${body.id}  pending  0 %`);
    expect(stdout).toContain("1 files: 0 completed, 0 failed, 0 cancelled, 1 open");
  });

  it("B-Q22 cleans up in the database, with files; a dry run counts", async () => {
    const { body } = await upload(api);
    await api.settle(body.job_id, completed());
    await api.sql("update extraction_jobs set completed_at = now() - interval '31 days' where id = $1", [body.id]);
    expect((await cli("extractions", "cleanup", "--dry-run")).stdout).toContain("1 completed, 0 failed");
    expect((await read(api, body.id)).status).toBe(200);
    const report = JSON.parse((await cli("extractions", "cleanup", "--json")).stdout);
    expect(report).toMatchObject({ dry_run: false, deleted: { completed: 1 }, blobs_deleted: 2 });
    expect((await read(api, body.id)).status).toBe(404);
    expect(await api.blobs.head(body.file_url)).toBeUndefined();
    expect((await cli("extractions", "cleanup", "--older-than-days", "0")).code).toBe(1);
  });

  it("B2.5 shows numbers, what is stuck, and ends orphans", async () => {
    const { body } = await upload(api);
    await api.claim(body.job_id);
    await api.sql("update pipeline_jobs set lease_until = now() - interval '31 minutes' where id = $1", [body.job_id]);
    expect((await cli("extractions", "stats")).stdout).toMatch(/pdf +processing +1 /);
    expect(JSON.parse((await cli("extractions", "stats", "--json")).stdout).total).toBeGreaterThan(0);
    expect((await cli("extractions", "stuck")).stdout).toMatch(new RegExp(`${body.id} {2}lease_over`));
    expect(JSON.parse((await cli("extractions", "stuck", "--minutes", "60", "--json")).stdout)).toEqual([]);
    await api.sql("delete from pipeline_jobs where id = $1", [body.job_id]);
    await api.sql("update extraction_jobs set updated_at = now() - interval '2 days' where id = $1", [body.id]);
    expect((await cli("extractions", "orphans", "--dry-run")).stdout).toContain("1 would be failed");
    expect(JSON.parse((await cli("extractions", "orphans", "--json")).stdout)).toMatchObject({ failed: 1 });
  });
});
