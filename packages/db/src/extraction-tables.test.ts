import { createEmptyDatabase, type TestDatabase } from "@millrace/testing";
import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { applyExtractionTables } from "./extraction-tables.ts";
import { migrate, revertExtraction } from "./migrate.ts";

const OWNER = "00000000-0000-7000-8000-000000000001";

let database: TestDatabase;
let sql: Sql;
beforeAll(async () => {
  database = await createEmptyDatabase();
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await migrate(database.url);
  await sql`INSERT INTO owners (id, name) VALUES (${OWNER}, 'o')`;
});
afterAll(async () => {
  await sql.end({ timeout: 5 });
  await database.drop();
});

async function columnsOf(table: string): Promise<string[]> {
  const rows = await sql`
    SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
      || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') AS part
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = ${table}::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attname`;
  return rows.map(({ part }) => part as string);
}

async function indexesOf(table: string): Promise<Record<string, string>> {
  const rows =
    await sql`SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ${table} AND indexname NOT LIKE 'pk_%'`;
  return Object.fromEntries(rows.map((row) => [row["indexname"], /\((.*?)\)/.exec(row["indexdef"] as string)?.[1]]));
}

async function constraintsOf(table: string): Promise<Record<string, string>> {
  const rows = await sql`
    SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
    WHERE conrelid = ${table}::regclass AND contype IN ('f', 'c', 'p')`;
  return Object.fromEntries(rows.map((row) => [row["conname"], row["definition"]]));
}

describe("the tables of extraction", () => {
  it("B-S04 B-S05 B-S06 B-S07 B-S08 B-S09 B-S20 B-S26 B-Q01 B-Q02 B-Q04 B-Q05 B-Q06 B-Q07 extraction_jobs has its columns", async () => {
    expect(await columnsOf("extraction_jobs")).toEqual([
      "attachment_id character varying(255)",
      "bulk_id uuid",
      "bulk_index integer",
      "cloud_file_id integer",
      "completed_at timestamp(3) with time zone",
      "created_at timestamp(3) with time zone not null default now()",
      "created_by_id uuid",
      "error_code text",
      "error_message text",
      "error_stack_trace text",
      "field_id character varying(255)",
      "file_size integer not null",
      "file_url character varying(2048) not null",
      "filename character varying(512) not null",
      "format character varying(20) not null",
      "id uuid not null",
      "job_id uuid",
      "max_retries integer not null default 3",
      "next_retry_at timestamp(3) with time zone",
      "options jsonb not null default '{}'::jsonb",
      "record_id uuid",
      "result jsonb",
      "retry_count integer not null default 0",
      "started_at timestamp(3) with time zone",
      "status character varying(20) not null default 'pending'::character varying",
      "updated_at timestamp(3) with time zone not null default now()",
    ]);
  });

  it("B-S10 B-S13 B-S20 B-S23 B-S25a B-Q08 B-Q18 extraction_jobs has its indexes by name", async () => {
    expect(await indexesOf("extraction_jobs")).toEqual({
      ix_extraction_jobs_status: "status",
      ix_extraction_jobs_status_next_retry_at: "status, next_retry_at",
      ix_extraction_jobs_file_url: "file_url",
      ix_extraction_jobs_record_id: "record_id",
      ix_extraction_jobs_record_id_attachment_id: "record_id, attachment_id",
      ix_extraction_jobs_cloud_file_id: "cloud_file_id",
      ix_extraction_jobs_created_by_id: "created_by_id",
      ix_extraction_jobs_created_by_id_created_at: "created_by_id, created_at",
      ix_extraction_jobs_format_status: "format, status",
      ix_extraction_jobs_attachment_id: "attachment_id",
      ix_extraction_jobs_next_retry_at: "next_retry_at",
      ix_extraction_jobs_bulk_id_bulk_index: "bulk_id, bulk_index",
      ix_extraction_jobs_bulk_id_status_bulk_index: "bulk_id, status, bulk_index",
      uq_extraction_jobs_job_id: "job_id",
    });
  });

  it("B-S02 B-S06 B-Q05 B-Q06 B-Q07 links what may be linked, none of it binding, and no cloud file", async () => {
    const constraints = await constraintsOf("extraction_jobs");
    const keys = Object.fromEntries(Object.entries(constraints).filter(([name]) => name.startsWith("fk_")));
    expect(keys).toEqual({
      fk_extraction_jobs_job_id: "FOREIGN KEY (job_id) REFERENCES pipeline_jobs(id) ON DELETE SET NULL",
      fk_extraction_jobs_created_by_id: "FOREIGN KEY (created_by_id) REFERENCES owners(id) ON DELETE SET NULL",
      fk_extraction_jobs_record_id: "FOREIGN KEY (record_id) REFERENCES records(id) ON DELETE SET NULL",
      fk_extraction_jobs_bulk_id: "FOREIGN KEY (bulk_id) REFERENCES bulk_extraction_jobs(id) ON DELETE SET NULL",
    });
  });

  it("B-S03 B-S05 B-S11 B-S24 B-Q10 refuses a status that is none of five, and a format that is none of five", async () => {
    const insert = (status: string, format: string) => sql`
      INSERT INTO extraction_jobs (id, filename, file_url, file_size, format, status, created_by_id)
      VALUES (gen_random_uuid(), 'a', 'u', 0, ${format}, ${status}, ${OWNER})`;
    for (const status of ["pending", "processing", "completed", "failed", "cancelled"]) await insert(status, "pdf");
    for (const format of ["pdf", "dxf", "ifc", "step", "werk24"]) await insert("pending", format);
    await expect(insert("retrying", "pdf")).rejects.toMatchObject({ constraint_name: "ck_extraction_jobs_status" });
    await expect(insert("pending", "bom")).rejects.toMatchObject({ constraint_name: "ck_extraction_jobs_format" });
    await sql`DELETE FROM extraction_jobs`;
  });

  it("B-S13 updated_at moves by itself", async () => {
    await sql`INSERT INTO extraction_jobs (id, filename, file_url, file_size, format, updated_at)
      VALUES (${OWNER}, 'a', 'u', 0, 'pdf', '2020-01-01')`;
    await sql`UPDATE extraction_jobs SET filename = 'b'`;
    const [row] = await sql`SELECT updated_at > '2021-01-01' AS has_moved FROM extraction_jobs`;
    expect(row?.["has_moved"]).toBe(true);
    await sql`DELETE FROM extraction_jobs`;
  });

  it("B-Q18 a batch has a table of its own, its columns and indexes by name", async () => {
    expect(await columnsOf("bulk_extraction_jobs")).toEqual([
      "cancel_reason text",
      "cancel_requested_at timestamp(3) with time zone",
      "cancel_requested_by text",
      "completed_at timestamp(3) with time zone",
      "continue_on_error boolean not null default true",
      "created_at timestamp(3) with time zone not null default now()",
      "created_by_id uuid",
      "deleted_cancelled integer not null default 0",
      "deleted_completed integer not null default 0",
      "deleted_failed integer not null default 0",
      "error_code text",
      "error_message text",
      "id uuid not null",
      "job_id uuid",
      "manifest_url character varying(2048) not null",
      "options jsonb not null default '{}'::jsonb",
      "started_at timestamp(3) with time zone",
      "status character varying(20) not null default 'pending'::character varying",
      "total_files integer not null",
      "updated_at timestamp(3) with time zone not null default now()",
    ]);
    expect(await indexesOf("bulk_extraction_jobs")).toEqual({
      ix_bulk_extraction_jobs_status: "status",
      ix_bulk_extraction_jobs_created_by_id: "created_by_id",
      ix_bulk_extraction_jobs_created_by_id_created_at: "created_by_id, created_at",
      uq_bulk_extraction_jobs_job_id: "job_id",
    });
  });
});

/** All that the migration makes or changes. */
async function shape(): Promise<unknown> {
  const tables = ["extraction_attempts", "extraction_jobs", "bulk_extraction_jobs", "records", "pipeline_jobs"];
  const parts = await Promise.all(
    tables.map(async (table) => [await columnsOf(table), await indexesOf(table), await constraintsOf(table)]),
  );
  const triggers = await sql`SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1`;
  const functions = await sql`
    SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname, prosrc`;
  return { parts, triggers: [...triggers], functions: [...functions] };
}

describe("the migration of extraction, there and back (B-S12, B-S27)", () => {
  beforeEach(async () => {
    await sql`DELETE FROM pipeline_jobs`;
  });

  const insertJob = (pipeline: string) => sql`
    INSERT INTO pipeline_jobs (id, owner_id, pipeline, pipeline_version, resource_key, lane, stage, stage_count, max_retries,
      input, status, waiting_for)
    VALUES (gen_random_uuid(), ${OWNER}, ${pipeline}, '0.1.0', gen_random_uuid()::text, 'io', 's', 1, 3,
      '{"format": "pdf", "filename": "a.pdf", "file_url": "o/a.pdf"}', 'pending', 'turn') RETURNING id`;

  it("down removes what up made and leaves the jobs; up again makes the same, and files follow their jobs again", async () => {
    const wanted = await shape();
    const [job] = await insertJob("content");
    await revertExtraction(database.url);
    await revertExtraction(database.url);
    const left = await sql`SELECT tablename FROM pg_tables WHERE tablename ~ 'extraction|^records$'`;
    expect([...left]).toEqual([]);
    expect((await columnsOf("pipeline_jobs")).filter((column) => column.startsWith("error_stack"))).toEqual([]);
    expect([...(await sql`SELECT id FROM pipeline_jobs`)]).toEqual([job]);
    // an older program's jobs go on without the triggers
    await insertJob("content");

    await migrate(database.url);
    expect(await shape()).toEqual(wanted);
    const [file] = await insertJob("extraction");
    expect([...(await sql`SELECT id, status FROM extraction_jobs`)]).toEqual([{ id: file?.["id"], status: "pending" }]);
  });

  it("up a second time changes nothing and rewrites no row", async () => {
    await insertJob("extraction");
    const wanted = await shape();
    const before = await sql`SELECT *, xmin::text FROM extraction_jobs`;
    await applyExtractionTables(sql);
    await migrate(database.url);
    expect(await shape()).toEqual(wanted);
    expect([...(await sql`SELECT *, xmin::text FROM extraction_jobs`)]).toEqual([...before]);
  });

  it("down refuses while an extraction is active, and changes nothing", async () => {
    const wanted = await shape();
    await insertJob("extraction");
    await expect(revertExtraction(database.url)).rejects.toMatchObject({ code: "55006" });
    expect(await shape()).toEqual(wanted);
  });
});
