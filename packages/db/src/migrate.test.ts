import { readFile } from "node:fs/promises";
import { createEmptyDatabase, type TestDatabase } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectDatabase, type Database } from "./database.ts";
import { migrate } from "./migrate.ts";

let database: TestDatabase;
let db: Database;

beforeEach(async () => {
  database = await createEmptyDatabase();
  db = connectDatabase({
    url: database.url,
    maxConnections: 2,
    statementTimeoutMs: 10_000,
    queryTimeoutMs: 12_000,
    applicationName: "migrate-test",
  });
});

afterEach(async () => {
  await db.close();
  await database.drop();
});

async function names(text: string): Promise<string[]> {
  return (await db.query<{ name: string }>(text)).map(({ name }) => name);
}

const INDEXES = "select indexname as name from pg_indexes where schemaname = 'public'";
const TABLES = "select tablename as name from pg_tables where schemaname = 'public' order by 1";

describe("migrate (A-S13)", () => {
  it("is safe to call at the same time and again (A-S14)", async () => {
    await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)]);
    const before = await names(INDEXES);
    await migrate(database.url);
    expect(await names(INDEXES)).toEqual(before);
    expect(await names(TABLES)).toEqual([
      "alerts",
      "api_keys",
      "audit_events",
      "bulk_extraction_jobs",
      "callback_attempts",
      "callback_deliveries",
      "callback_endpoints",
      "channel_credentials",
      "channel_turns",
      "channels",
      "content_entities",
      "content_texts",
      "contents",
      "entities",
      "extraction_attempts",
      "extraction_jobs",
      "job_events",
      "job_gates",
      "job_payloads",
      "job_stages",
      "leases",
      "notion_events",
      "owners",
      "permit_limits",
      "permits",
      "pipeline_jobs",
      "queue_settings",
      "quota_reservations",
      "quota_usages",
      "quotas",
      "records",
      "review_links",
      "reviews",
      "tag_aliases",
      "task_costs",
      "task_edges",
      "task_errors",
      "task_orders",
      "task_runs",
      "task_transitions",
      "task_units",
      "tasks",
      "turn_clocks",
      "usage_events",
    ]);
  });

  it("makes the indexes by name (A-S05, A-S07, A2.5)", async () => {
    await migrate(database.url);
    expect(await names(INDEXES)).toEqual(
      expect.arrayContaining([
        "ix_contents_processing_status",
        "ix_contents_owner_id_created_at_id",
        "uq_contents_owner_id_resource_key",
        "uq_pipeline_jobs_owner_id_resource_key_active",
        "uq_pipeline_jobs_owner_id_idempotency_key",
        "ix_pipeline_jobs_turn",
        "ix_pipeline_jobs_channel_in_flight",
        "ix_channel_turns_next",
        "ix_pipeline_jobs_backlog_due",
        "ix_pipeline_jobs_dispatched",
        "ix_pipeline_jobs_owner_id_created_at_id",
        "ix_pipeline_jobs_status",
        "ix_pipeline_jobs_resource_key",
        "ix_pipeline_jobs_content_id",
        "uq_callback_deliveries_job_id_event",
        "uq_entities_owner_id_entity_type_normalized_name",
        "ix_content_entities_entity_id_content_id",
        "ix_content_texts_search",
        "ix_contents_all_tags",
        "ix_usage_events_owner_id_at",
      ]),
    );
  });

  it("names every constraint and index by the rule, and every index of the schema is one of them", async () => {
    await migrate(database.url);
    const constraints = await names(
      `select conname as name from pg_constraint c join pg_namespace n on n.oid = c.connamespace
       where n.nspname = 'public' and contype <> 'n'`,
    );
    for (const name of [...constraints, ...(await names(INDEXES))])
      expect(name).toMatch(/^(pk|fk|uq|ck|ix)_[a-z0-9_]+$/);
    expect(constraints.filter((name) => name.length > 63)).toEqual([]);
  });

  it("maps two old status pairs to the unified status, and twice is as good as once (A-S01, A-S02, A-S03, A-Q17)", async () => {
    await migrate(database.url);
    const owner = "00000000-0000-7000-8000-000000000001";
    await db.query("insert into owners (id, name) values ($1, 'o')", [owner]);
    await db.query(
      `alter table contents add classification_status text, add classification_at timestamptz,
         add entity_extraction_status text, add entity_extraction_at timestamptz`,
    );
    const pairs: [string | null, string | null, string][] = [
      ["completed", "completed", "completed"],
      ["completed", "failed", "failed"],
      ["failed", "processing", "failed"],
      ["processing", "completed", "processing"],
      ["completed", "pending", "pending"],
      [null, "failed", "failed"],
      ["completed", null, "pending"],
      [null, null, "pending"],
    ];
    for (const [one, other, expected] of pairs) {
      await db.query(
        `insert into contents (id, owner_id, resource_key, content_type, title, classification_status, entity_extraction_status, entity_extraction_at)
         values (gen_random_uuid(), $1, gen_random_uuid()::text, 'markdown', $2, $3, $4, now() - interval '1 day')`,
        [owner, expected, one, other],
      );
    }
    const file = await readFile(new URL("../../../drizzle/0002_unified_status.sql", import.meta.url), "utf8");
    for (let run = 0; run < 2; run += 1) {
      for (const statement of file.split("--> statement-breakpoint")) await db.query(statement);
    }
    const rows = await db.query("select title, processing_status, processed_at is not null as is_dated from contents");
    expect(rows).toHaveLength(pairs.length);
    for (const row of rows) expect(row).toMatchObject({ processing_status: row["title"], is_dated: true });
    const columns = await names(
      "select column_name as name from information_schema.columns where table_name = 'contents'",
    );
    expect(columns.filter((name) => /^(classification|entity_extraction)_/.test(name))).toEqual([]);
  });

  it("refuses nonsense in a job's row", async () => {
    await migrate(database.url);
    const owner = "00000000-0000-7000-8000-000000000001";
    await db.query("insert into owners (id, name) values ($1, 'o')", [owner]);
    const insert = (columns: string, values: string) =>
      db.query(
        `insert into pipeline_jobs (id, owner_id, pipeline, pipeline_version, resource_key, lane, stage, stage_count, max_retries, input, ${columns})
         values (gen_random_uuid(), $1, 'p', '1', gen_random_uuid()::text, 'io', 's', 1, 0, '{}', ${values})`,
        [owner],
      );
    await insert("status, waiting_for", "'pending', 'turn'");
    await insert("status, dispatched_at", "'pending', now()");
    const nonsense: [string, string, string][] = [
      ["status", "'paused'", "ck_pipeline_jobs_status"],
      ["status, finished_at", "'pending', now()", "ck_pipeline_jobs_finished_at"],
      ["status", "'completed'", "ck_pipeline_jobs_finished_at"],
      ["status, dispatched_at, waiting_for", "'processing', now(), 'turn'", "ck_pipeline_jobs_waiting_for"],
      ["status", "'pending'", "ck_pipeline_jobs_waiting_for"],
      ["status, waiting_for", "'pending', 'review'", "ck_pipeline_jobs_gate"],
      ["status, waiting_for", "'pending', 'retry'", "ck_pipeline_jobs_next_retry_at"],
      ["status", "'processing'", "ck_pipeline_jobs_dispatched_at"],
      ["status, dispatched_at, lease_until", "'pending', now(), now()", "ck_pipeline_jobs_lease_until"],
      ["status, finished_at", "'failed', now()", "ck_pipeline_jobs_error_code"],
      ["status, dispatched_at, progress", "'pending', now(), 101", "ck_pipeline_jobs_progress"],
    ];
    for (const [columns, values, constraint] of nonsense) {
      await expect(insert(columns, values), constraint).rejects.toMatchObject({ constraint_name: constraint });
    }
  });
});
