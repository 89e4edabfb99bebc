import { randomBytes } from "node:crypto";
import { type Blobs, complete, fail } from "@millrace/core";
import { beforeEach, describe, expect, it } from "vitest";
import { createContentStore } from "./content-store.ts";
import { claimed, createOwner, newContent, newJob, settle, storeUnderTest, submitted } from "./job-store.fixture.ts";
import { type PurgeOptions, purge } from "./purge.ts";

const t = storeUnderTest();
const contents = () => createContentStore(t.db);
const NOW = new Date("2031-06-01T00:00:00Z");
const DAY_MS = 86_400_000;

beforeEach(async () => {
  await t.db.query("delete from pipeline_jobs");
});

/** An id as it was made that many days ago. */
function idOf(daysAgo: number): string {
  const time = Math.floor(NOW.getTime() - daysAgo * DAY_MS)
    .toString(16)
    .padStart(12, "0");
  const random = randomBytes(9).toString("hex");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6)}`;
}

interface Ended {
  readonly daysAgo: number;
  readonly tier?: "full" | "compact";
  readonly pipeline?: string;
  readonly isFailed?: boolean;
}

/** A job that ended that many days before NOW, with a payload, a stage and a history. */
async function ended({ daysAgo, tier = "full", pipeline = "content", isFailed = false }: Ended) {
  const ownerId = await createOwner(t.db);
  const given = newJob(ownerId, { id: idOf(daysAgo + 1), pipeline, dataTier: tier, content: newContent() });
  const { jobId, contentId } = await submitted(t.store, given);
  const job = await claimed(t.store, jobId);
  await contents().keepPayload({ jobId, fence: job.fence, stage: "one", payload: { prompt: "p" } });
  await contents().keepText({ jobId, fence: job.fence, title: "A", tags: [], summary: "", body: "words" });
  const end = isFailed
    ? fail({ code: "PARSE_FAILED", message: "no", stage: "one" })
    : complete({ output: { title: "Kept", secret: "output" }, warnings: [{ code: "W", message: "w" }] });
  await settle(t.store, job, end);
  await t.db.query("update pipeline_jobs set finished_at = $2::timestamptz where id = $1::uuid", [
    jobId,
    new Date(NOW.getTime() - daysAgo * DAY_MS).toISOString(),
  ]);
  return { jobId, contentId: contentId!, ownerId };
}

/** Two working files for each job, and one that is none. */
function filesOf(...jobIds: string[]) {
  const keys = new Set(jobIds.flatMap((id) => [`jobs/${id}/text.txt`, `jobs/${id}/source`]));
  keys.add("somebody/else.md");
  const refusing = (...refused: string[]): Pick<Blobs, "list" | "delete"> => ({
    async *list(prefix) {
      if (refused.some((id) => prefix.includes(id))) throw new Error("the bucket is away");
      for (const key of [...keys].filter((name) => name.startsWith(prefix))) yield { key, bytes: 1 };
    },
    delete: async (key) => void keys.delete(key),
  });
  return { keys, refusing };
}

const run = (over: Partial<PurgeOptions> = {}) => purge(t.db, { now: NOW, ...over });
const tierOf = async (jobId: string) => (await t.store.findJob(jobId, null))?.dataTier;

describe("purge (A-S10, A-Q13)", () => {
  it("strips a full job 60 days after its end: it becomes compact and stays", async () => {
    const [older, younger] = [await ended({ daysAgo: 60.01 }), await ended({ daysAgo: 59.99 })];
    expect(await run()).toEqual({ stripped: 1, deleted: 0, postponed: 0 });
    expect([await tierOf(older.jobId), await tierOf(younger.jobId)]).toEqual(["compact", "full"]);
    expect(await contents().listPayloads(older.jobId)).toEqual([]);
    expect(await contents().listPayloads(younger.jobId)).toHaveLength(1);
    const [stage] = await t.store.listStages(older.jobId);
    expect(stage).toMatchObject({ output: {}, warnings: [{ code: "W" }], attempt: 1 });
    expect((await t.store.listStages(younger.jobId))[0]?.output).toMatchObject({ secret: "output" });
    expect(await t.store.listEvents(older.jobId)).not.toEqual([]);
  });

  it("deletes a job of either tier 180 days after its end; its content and words stay", async () => {
    const gone = [await ended({ daysAgo: 180.01 }), await ended({ daysAgo: 400, tier: "compact", isFailed: true })];
    const kept = await ended({ daysAgo: 179.99, tier: "compact" });
    expect(await run()).toEqual({ stripped: 1, deleted: 2, postponed: 0 });
    for (const { jobId } of gone) {
      expect(await t.store.findJob(jobId, null)).toBeUndefined();
      expect(await t.store.listEvents(jobId)).toEqual([]);
    }
    expect(await t.store.findJob(kept.jobId, null)).toBeDefined();
    const [first] = gone;
    expect(await contents().findContent(first!.contentId, null)).toMatchObject({
      title: "Kept",
      processingStatus: "completed",
    });
    expect(await contents().listContents({ ownerId: first!.ownerId, text: "words", limit: 5 })).toHaveLength(1);
  });

  it("counts and changes nothing on a dry run, and the real one then does as much", async () => {
    const jobs = [await ended({ daysAgo: 61 }), await ended({ daysAgo: 200 }), await ended({ daysAgo: 1 })];
    const counted = await run({ dryRun: true });
    expect(counted).toEqual({ stripped: 2, deleted: 1, postponed: 0 });
    for (const { jobId } of jobs) expect(await tierOf(jobId)).toBe("full");
    expect(await run()).toEqual(counted);
    expect(await run()).toEqual({ stripped: 0, deleted: 0, postponed: 0 });
  });

  it("takes batch after batch until nothing is due", async () => {
    for (let n = 0; n < 7; n += 1) await ended({ daysAgo: 61 });
    for (let n = 0; n < 5; n += 1) await ended({ daysAgo: 200 + n, tier: "compact" });
    expect(await run({ batch: 2 })).toEqual({ stripped: 7, deleted: 5, postponed: 0 });
  });

  it("done by two at once counts and deletes each job once", async () => {
    for (let n = 0; n < 30; n += 1) await ended({ daysAgo: 181 + n });
    const answers = await Promise.all([run({ batch: 3 }), run({ batch: 4 })]);
    const rest = await run();
    const sum = (of: "stripped" | "deleted") => [...answers, rest].reduce((all, each) => all + each[of], 0);
    expect(sum("deleted")).toBe(30);
    expect(sum("stripped")).toBeLessThanOrEqual(30);
    expect(await t.db.query("select id from pipeline_jobs")).toEqual([]);
  });

  it("leaves running jobs, other pipelines' jobs and those whose callback is still on its way", async () => {
    const [running] = [
      await submitted(t.store, newJob(t.ownerId, { id: idOf(500), pipeline: "content", dataTier: "full" })),
    ];
    const other = await ended({ daysAgo: 500, pipeline: "extraction" });
    const calling = await ended({ daysAgo: 500, tier: "compact" });
    await t.db.query(
      "insert into callback_endpoints (id, owner_id, url, secret) values ($1, $2, 'https://e.example', 's')",
      [calling.contentId, calling.ownerId],
    );
    await t.db.query(
      "insert into callback_deliveries (job_id, endpoint_id, event) values ($1, $2, 'pipeline_job.completed')",
      [calling.jobId, calling.contentId],
    );
    expect(await run({ dryRun: true })).toEqual({ stripped: 0, deleted: 0, postponed: 0 });
    expect(await run()).toEqual({ stripped: 0, deleted: 0, postponed: 0 });
    for (const { jobId } of [running!, other, calling]) expect(await t.store.findJob(jobId, null)).toBeDefined();
    await t.db.query("update callback_deliveries set status = 'exhausted', next_attempt_at = null where job_id = $1", [
      calling.jobId,
    ]);
    expect(await run({ pipelines: ["content", "extraction"] })).toEqual({ stripped: 1, deleted: 2, postponed: 0 });
  });

  it("B-Q22 deletes jobs of extraction after 30 days, failed ones after 90; their extractions stay", async () => {
    const pipelines = ["content", "extraction", "extraction_bulk"];
    const of = (daysAgo: number, pipeline: string, isFailed = false) =>
      ended({ daysAgo, pipeline, isFailed, tier: "compact" });
    const gone = [
      await of(30.01, "extraction"),
      await of(30.01, "extraction_bulk"),
      await of(90.01, "extraction", true),
    ];
    const kept = [await of(29.99, "extraction"), await of(89.99, "extraction", true), await of(30.01, "content")];
    const extraction = gone[0]!.jobId;
    await t.db.query(
      `insert into extraction_jobs (id, job_id, filename, file_url, file_size, format, status)
       values ($1, $1, 'a.pdf', 'o/a.pdf', 1, 'pdf', 'completed')`,
      [extraction],
    );
    expect(await run({ pipelines, dryRun: true })).toEqual({ stripped: 0, deleted: 3, postponed: 0 });
    expect(await run({ pipelines })).toEqual({ stripped: 0, deleted: 3, postponed: 0 });
    for (const { jobId } of gone) expect(await t.store.findJob(jobId, null)).toBeUndefined();
    for (const { jobId } of kept) expect(await t.store.findJob(jobId, null)).toBeDefined();
    const left = await t.db.query("select job_id, status from extraction_jobs where id = $1", [extraction]);
    expect(left).toEqual([{ job_id: null, status: "completed" }]);
  });

  it("takes the stack of an error with a full job's other details (B-S26)", async () => {
    const { jobId } = await ended({ daysAgo: 61, isFailed: true });
    await t.db.query("update pipeline_jobs set error_stack = 'at parse' where id = $1", [jobId]);
    await run();
    expect(await t.store.findJob(jobId, null)).toMatchObject({ errorCode: "PARSE_FAILED", errorStack: null });
  });

  it("removes a job's files before its row: a failure leaves the row for the next time", async () => {
    const { jobId } = await ended({ daysAgo: 200, tier: "compact" });
    const other = await ended({ daysAgo: 201, tier: "compact" });
    const files = filesOf(jobId, other.jobId);
    await expect(run({ batch: 1, blobs: files.refusing(jobId, other.jobId) })).rejects.toThrow("the bucket is away");
    expect(await t.store.findJob(jobId, null)).toBeDefined();
    expect(await run({ blobs: files.refusing(jobId) })).toEqual({ stripped: 0, deleted: 1, postponed: 1 });
    expect(await t.store.findJob(other.jobId, null)).toBeUndefined();
    expect([...files.keys]).toEqual([`jobs/${jobId}/text.txt`, `jobs/${jobId}/source`, "somebody/else.md"]);
    expect(await run({ blobs: files.refusing() })).toEqual({ stripped: 0, deleted: 1, postponed: 0 });
    expect([...files.keys]).toEqual(["somebody/else.md"]);
  });

  it("ends between two batches when it is told to", async () => {
    for (let n = 0; n < 4; n += 1) await ended({ daysAgo: 200, tier: "compact" });
    const stop = new AbortController();
    const files = filesOf().refusing();
    const stopping = (prefix: string) => {
      stop.abort();
      return files.list(prefix);
    };
    const answer = await run({ batch: 1, signal: stop.signal, blobs: { ...files, list: stopping } });
    expect(answer).toEqual({ stripped: 0, deleted: 1, postponed: 0 });
  });
});
