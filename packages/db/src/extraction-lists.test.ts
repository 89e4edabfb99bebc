import { beforeAll, describe, expect, it } from "vitest";
import type { Database, Param } from "./database.ts";
import { begun, ended, extractionJob, failedWith, retriedAfter } from "./extraction-store.fixture.ts";
import { createExtractionStore, type ExtractionStore } from "./extraction-store.ts";
import { claimed, createOwner, settle, storeUnderTest } from "./job-store.fixture.ts";
import { newId } from "./new-id.ts";
import type { ExtractionFilter } from "./statements/extraction-rows.ts";

const t = storeUnderTest();
const extractions = () => createExtractionStore(t.db);
const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);

describe("lists (B-S25, B-S25a, B-Q23)", () => {
  it("list_jobs: by creator, status, format, file, record, attachment and cloud file, own ones only", async () => {
    const [ownerId, otherId] = [await createOwner(t.db), await createOwner(t.db)];
    const { id: recordId } = await extractions().createRecord({ ownerId, title: null });
    const link = { record_id: recordId, attachment_id: "att", cloud_file_id: 4_711, file_url: "https://example.org/a" };
    const linked = await begun(t, extractionJob(ownerId, link));
    const failed = await ended(t, extractionJob(ownerId, { format: "dxf" }), failedWith());
    const theirs = await begun(t, extractionJob(otherId, { ...link, record_id: null }));
    const list = async (filter: Partial<ExtractionFilter>) =>
      ids(await extractions().listExtractions({ ownerId, limit: 10, ...filter }));
    expect(await list({})).toEqual([failed, linked]);
    expect(await list({ status: "failed" })).toEqual([failed]);
    expect(await list({ format: "pdf" })).toEqual([linked]);
    expect(await list({ format: "pdf", status: "failed" })).toEqual([]);
    expect(await list({ fileUrl: link.file_url })).toEqual([linked]);
    expect(await list({ recordId })).toEqual([linked]);
    expect(await list({ recordId, attachmentId: "att" })).toEqual([linked]);
    expect(await list({ attachmentId: "att" })).toEqual([linked]);
    expect(await list({ cloudFileId: 4_711 })).toEqual([linked]);
    expect(await list({ createdById: otherId })).toEqual([]);
    expect(await list({ ownerId: null, createdById: otherId })).toEqual([theirs]);
    expect(await list({ ownerId: null, attachmentId: "att" })).toEqual([theirs, linked]);
    expect(await extractions().findExtraction(theirs, ownerId)).toBeUndefined();
    expect((await extractions().findExtraction(theirs, otherId))?.id).toBe(theirs);
    expect(await extractions().findExtraction("no uuid", null)).toBeUndefined();
  });

  it("goes page by page, each row once, without results unless they are asked for", async () => {
    const ownerId = await createOwner(t.db);
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.unshift(await ended(t, extractionJob(ownerId)));
    // of the same instant: the id decides
    await t.db.query("update extraction_jobs set created_at = '2026-01-01' where created_by_id = $1", [ownerId]);
    for (const filter of [{ ownerId }, { ownerId: null, createdById: ownerId }]) {
      const first = await extractions().listExtractions({ ...filter, limit: 2 });
      const second = await extractions().listExtractions({ ...filter, limit: 2, after: first.at(-1) });
      const third = await extractions().listExtractions({ ...filter, limit: 2, after: second.at(-1) });
      expect(ids([...first, ...second, ...third])).toEqual(made);
      expect(first[0]).toMatchObject({ result: null, status: "completed" });
    }
    const [whole] = await extractions().listExtractions({ ownerId, limit: 1, withResult: true });
    expect(whole?.result).toMatchObject({ success: true });
    const everybody = await extractions().listExtractions({ ownerId: null, limit: 3 });
    const rest = await extractions().listExtractions({ ownerId: null, limit: 500, after: everybody.at(-1) });
    const all = ids([...everybody, ...rest]);
    expect(all).toEqual([...new Set(all)].sort().reverse());
    expect(all).toEqual(expect.arrayContaining(made));
  });

  it("get_job_by_file_url, get_job_by_attachment: the newest of several (B-Q16)", async () => {
    const ownerId = await createOwner(t.db);
    const { id: recordId } = await extractions().createRecord({ ownerId, title: null });
    const input = { file_url: "https://example.org/same", record_id: recordId, attachment_id: "x" };
    await begun(t, extractionJob(ownerId, input));
    const newest = await begun(t, extractionJob(ownerId, input));
    const store = extractions();
    expect((await store.newestByFileUrl(input.file_url, ownerId))?.id).toBe(newest);
    expect((await store.newestByFileUrl(input.file_url, null))?.id).toBe(newest);
    expect(await store.newestByFileUrl(input.file_url, t.ownerId)).toBeUndefined();
    expect((await store.newestByAttachment(recordId, "x", ownerId))?.id).toBe(newest);
    expect(await store.newestByAttachment(recordId, "y", ownerId)).toBeUndefined();
    expect(await store.newestByAttachment(recordId, "x", t.ownerId)).toBeUndefined();
    expect(await store.newestByAttachment("no uuid", "x", ownerId)).toBeUndefined();
  });

  it("B-Q16 finds what was completed within the hours, by the work's key", async () => {
    const ownerId = await createOwner(t.db);
    const resourceKey = `ext:${newId()}`;
    const find = (more: object = {}) => extractions().findReusable({ ownerId, resourceKey, withinHours: 24, ...more });
    await ended(t, extractionJob(ownerId, {}, { resourceKey }), failedWith());
    expect(await find()).toBeUndefined();
    await ended(t, extractionJob(ownerId, {}, { resourceKey }));
    const newest = await ended(t, extractionJob(ownerId, {}, { resourceKey }));
    expect(await find()).toMatchObject({ id: newest, result: { success: true } });
    expect(await find({ ownerId: t.ownerId })).toBeUndefined();
    expect(await find({ resourceKey: "ext:other" })).toBeUndefined();
    await t.db.query("update extraction_jobs set completed_at = now() - interval '25 hours' where created_by_id = $1", [
      ownerId,
    ]);
    expect(await find()).toBeUndefined();
    expect((await find({ withinHours: 26 }))?.id).toBe(newest);
  });

  it("list_retryable_jobs: pending or failed, retries left, not due later than now (B-Q11)", async () => {
    const ownerId = await createOwner(t.db);
    const fresh = await begun(t, extractionJob(ownerId));
    const failed = await ended(t, extractionJob(ownerId), failedWith());
    const due = await begun(t, extractionJob(ownerId));
    await settle(t.store, await claimed(t.store, due), retriedAfter(0));
    const later = await begun(t, extractionJob(ownerId));
    await settle(t.store, await claimed(t.store, later), retriedAfter(3_600_000));
    await ended(t, extractionJob(ownerId, {}, { maxRetries: 0 }), failedWith());
    await ended(t, extractionJob(ownerId));
    await claimed(t.store, await begun(t, extractionJob(ownerId)));
    const found = ids(await extractions().listRetryable({ ownerId, limit: 10 }));
    expect(found[0]).toBe(due);
    expect([...found].sort()).toEqual([fresh, failed, due].sort());
    expect(await extractions().listRetryable({ ownerId: await createOwner(t.db), limit: 10 })).toEqual([]);
    expect(await extractions().listRetryable({ ownerId: null, limit: 1 })).toHaveLength(1);
  });
});

describe("every listed query has its index (B-S23, B-S25a, B-S29, B-Q08)", () => {
  const owner = "00000000-0000-7000-8000-00000000a001";
  const record = "00000000-0000-7000-8000-00000000b001";
  const bulk = "00000000-0000-7000-8000-00000000c001";

  beforeAll(async () => {
    const { query } = t.db;
    await query(
      "insert into owners (id, name) select ('00000000-0000-7000-8000-00000000a' || to_char(n, 'FM000'))::uuid, 'o' from generate_series(1, 100) n",
    );
    await query(
      "insert into records (id, owner_id) select ('00000000-0000-7000-8000-00000000b' || to_char(n, 'FM000'))::uuid, $1 from generate_series(1, 200) n",
      [owner],
    );
    await query(
      "insert into bulk_extraction_jobs (id, created_by_id, manifest_url, total_files) select ('00000000-0000-7000-8000-00000000c' || to_char(n, 'FM000'))::uuid, ('00000000-0000-7000-8000-00000000a' || to_char(n % 100 + 1, 'FM000'))::uuid, 'm', 20 from generate_series(1, 300) n",
    );
    await query(`
      insert into extraction_jobs (id, filename, file_url, file_size, format, status, next_retry_at, created_by_id, created_at,
        record_id, attachment_id, cloud_file_id, bulk_id, bulk_index)
      select gen_random_uuid(), 'f', 'o/' || n % 1500, 1, (array['pdf', 'dxf', 'ifc', 'step', 'werk24'])[n % 5 + 1],
        case when n % 40 = 0 then 'pending' when n % 40 = 1 then 'failed' when n % 100 = 2 then 'processing' else 'completed' end,
        case when n % 80 = 0 then now() - n * interval '1 second' end,
        ('00000000-0000-7000-8000-00000000a' || to_char(n % 100 + 1, 'FM000'))::uuid, now() - n * interval '1 minute',
        ('00000000-0000-7000-8000-00000000b' || to_char(n % 200 + 1, 'FM000'))::uuid, 'a' || n % 1000, n % 2000,
        case when n % 2 = 0 then ('00000000-0000-7000-8000-00000000c' || to_char(n % 300 + 1, 'FM000'))::uuid end, n % 50
      from generate_series(1, 6000) n`);
    await query("analyze extraction_jobs");
    await query("analyze bulk_extraction_jobs");
  });

  /** The plans of what a call of the store asks Postgres. */
  async function plansOf(call: (store: ExtractionStore) => Promise<unknown>): Promise<string> {
    const asked: { text: string; params: readonly Param[] }[] = [];
    const watching: Database = {
      ...t.db,
      query: (text, params = []) => {
        asked.push({ text, params });
        return t.db.query(text, params);
      },
    };
    await call(createExtractionStore(watching));
    const plans = await Promise.all(
      asked.map(({ text, params }) => t.db.query<{ "QUERY PLAN": string }>(`explain ${text}`, params)),
    );
    return plans
      .flat()
      .map((line) => line["QUERY PLAN"])
      .join("\n");
  }

  const by = (filter: Partial<ExtractionFilter>) => (store: ExtractionStore) =>
    store.listExtractions({ ownerId: null, limit: 20, ...filter });

  it.each<[string, (store: ExtractionStore) => Promise<unknown>, RegExp]>([
    ["file_url", by({ fileUrl: "o/7" }), /ix_extraction_jobs_file_url/],
    ["newest by file_url", (store) => store.newestByFileUrl("o/7", owner), /ix_extraction_jobs_file_url/],
    ["record", by({ recordId: record }), /ix_extraction_jobs_record_id/],
    [
      "record and attachment",
      by({ recordId: record, attachmentId: "a1" }),
      /ix_extraction_jobs_record_id_attachment_id|ix_extraction_jobs_attachment_id/,
    ],
    [
      "newest by attachment",
      (store) => store.newestByAttachment(record, "a1", null),
      /ix_extraction_jobs_record_id_attachment_id|ix_extraction_jobs_attachment_id/,
    ],
    ["attachment", by({ attachmentId: "a1" }), /ix_extraction_jobs_attachment_id/],
    ["cloud file", by({ cloudFileId: 7 }), /ix_extraction_jobs_cloud_file_id/],
    ["creator", by({ ownerId: owner }), /ix_extraction_jobs_created_by_id/],
    [
      "creator, next page",
      by({ ownerId: owner, after: { createdAt: new Date(), id: owner } }),
      /ix_extraction_jobs_created_by_id_created_at/,
    ],
    ["status", by({ status: "failed" }), /ix_extraction_jobs_(status|format_status)|pk_extraction_jobs/],
    ["format and status", by({ format: "pdf", status: "processing" }), /ix_extraction_jobs_(format_)?status/],
    ["everything", by({}), /pk_extraction_jobs/],
    [
      "retryable",
      (store) => store.listRetryable({ ownerId: null, limit: 20 }),
      /ix_extraction_jobs_(status|next_retry_at|format_status)/,
    ],
    ["stuck", (store) => store.listStuck({ minutes: 30, limit: 20 }), /ix_extraction_jobs_(status|format_status)/],
    [
      "files of a batch",
      (store) => store.listBulkFiles({ bulkId: bulk, limit: 20 }),
      /ix_extraction_jobs_bulk_id_bulk_index/,
    ],
    [
      "files of a batch by status",
      (store) => store.listBulkFiles({ bulkId: bulk, status: "failed", limit: 20 }),
      /ix_extraction_jobs_bulk_id/,
    ],
    ["a batch's counts", (store) => store.countBulk(bulk), /ix_extraction_jobs_bulk_id_status_bulk_index/],
    ["a batch", (store) => store.findBulk(bulk, owner), /ix_extraction_jobs_bulk_id_status_bulk_index/],
    [
      "batches of an owner",
      (store) => store.listBulks({ ownerId: owner, limit: 20 }),
      /ix_bulk_extraction_jobs_created_by_id/,
    ],
    ["a dry clean-up", (store) => store.cleanUp({ dryRun: true }), /ix_extraction_jobs_(status|format_status)/],
  ])("%s", async (_, call, index) => {
    const plans = await plansOf(call);
    expect(plans).toMatch(index);
    expect(plans).not.toMatch(/Seq Scan on (extraction_jobs|bulk_extraction_jobs)/);
  });
});
