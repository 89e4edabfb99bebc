import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { STATES_OF_STEP, TASK_STATUSES, taskLifecycle, VIDEO_STEPS } from "@millrace/pipelines";
import { createEmptyDatabase, type TestDatabase } from "@millrace/testing";
import postgres, { type Sql } from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { migrate, revertVideo } from "./migrate.ts";
import { MIGRATIONS_FOLDER } from "./migrations.ts";
import { TASK_STEPS, taskStatus } from "./schema/tasks.ts";

const OWNER = "00000000-0000-7000-8000-000000000001";
const CHANNEL = "00000000-0000-7000-8000-000000000002";

async function someChannel(sql: Sql): Promise<void> {
  await sql`INSERT INTO owners (id, name) VALUES (${OWNER}, 'o')`;
  await sql`INSERT INTO channels (id, channel_id, channel_name, owner_id, config, quota_pool, source)
    VALUES (${CHANNEL}, 'poke', 'Poke', ${OWNER}, '{}', 'poke', 'file')`;
}

describe("the tables of tasks", () => {
  let database: TestDatabase;
  let sql: Sql;
  beforeAll(async () => {
    database = await createEmptyDatabase();
    sql = postgres(database.url, { max: 1, onnotice: () => {} });
    await migrate(database.url);
    await someChannel(sql);
  });
  afterAll(async () => {
    await sql.end({ timeout: 5 });
    await database.drop();
  });

  const task = (more: Record<string, string> = {}) => ({
    owner_id: OWNER,
    channel_id: CHANNEL,
    notion_page_id: "0123456789abcdef0123456789abcdef",
    title: "t",
    topic: "t",
    story_direction: "s",
    ...more,
  });
  afterEach(async () => {
    await sql`DELETE FROM tasks`;
  });

  it("C-S01 C-S03 C-S05 have their columns", async () => {
    const rows = await sql`
      SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
        || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') AS part
      FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = 'tasks'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum LIMIT 12`;
    const [found] = await sql`
      SELECT count(*)::int AS columns FROM pg_attribute WHERE attrelid = 'tasks'::regclass AND attnum > 0 AND NOT attisdropped`;
    expect(rows.map(({ part }) => part)).toEqual(
      expect.arrayContaining([
        "id uuid not null default gen_random_uuid()",
        "channel_id uuid not null",
        "notion_page_id character varying(32) not null",
        "title character varying(255) not null",
        "topic character varying(500) not null",
        "story_direction text not null",
        "status task_status not null default 'draft'::task_status",
        "priority task_priority not null default 'normal'::task_priority",
        "error_log text",
        "youtube_url character varying(255)",
      ]),
    );
    expect(found!["columns"]).toBeGreaterThan(30);
    const times = await sql`
      SELECT attname FROM pg_attribute WHERE attrelid = 'tasks'::regclass AND attname IN ('created_at', 'updated_at')
        AND attnotnull AND format_type(atttypid, atttypmod) = 'timestamp(3) with time zone'`;
    expect(times.length).toBe(2);
  });

  it("C-S02 C-S03 C-S04 C-S05 C-S43 have their indexes and keys by name, and no cascade from channels", async () => {
    const indexes = await sql`SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'tasks'`;
    const definitions = Object.fromEntries(indexes.map((row) => [row["indexname"], row["indexdef"] as string]));
    for (const [name, columns] of Object.entries({
      ix_tasks_status: "(status)",
      ix_tasks_channel_id: "(channel_id)",
      ix_tasks_created_at: "(created_at)",
      ix_tasks_channel_id_status: "(channel_id, status)",
      uq_tasks_notion_page_id: "(notion_page_id)",
      pk_tasks: "(id)",
    })) {
      expect(definitions[name], name).toContain(columns);
    }
    expect(definitions["ix_tasks_queued"]).toMatch(/WHERE .*status = 'queued'/);
    const keys = await sql`SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
      WHERE conrelid = 'tasks'::regclass AND contype = 'f'`;
    expect(Object.fromEntries(keys.map((row) => [row["conname"], row["definition"]]))).toMatchObject({
      fk_tasks_channel_id: "FOREIGN KEY (channel_id) REFERENCES channels(id) ON DELETE RESTRICT",
    });
    await sql`INSERT INTO tasks ${sql(task())}`;
    await expect(sql`DELETE FROM channels`).rejects.toMatchObject({ constraint_name: "fk_tasks_channel_id" });
  });

  it("C-S10 C-S11 C-S14 C-S42 know 26 states in the order of the lifecycle, and three priorities", async () => {
    const values =
      await sql`SELECT enumlabel FROM pg_enum WHERE enumtypid = 'task_status'::regtype ORDER BY enumsortorder`;
    const labels = values.map(({ enumlabel }) => enumlabel as string);
    expect(labels).toEqual([...TASK_STATUSES]);
    expect(labels).toEqual(taskStatus.enumValues);
    expect(labels).toHaveLength(26);
    const rows = await sql`SELECT enum_range(null::task_priority)::text AS range`;
    expect(rows[0]!["range"]).toBe("{high,normal,low}");
    for (const status of labels) {
      await sql`INSERT INTO tasks ${sql(task({ status, notion_page_id: labels.indexOf(status).toString().padStart(32, "0") }))}`;
    }
    const stored = await sql`SELECT status FROM tasks ORDER BY status`;
    expect(stored.map((row) => row["status"])).toEqual(labels);
    await expect(sql`INSERT INTO tasks ${sql(task({ status: "cancelled" }))}`).rejects.toMatchObject({ code: "22P02" });
  });

  it("C-Q01 C-Q03 C-Q04 C-S12 C-S13 allow the edges of the lifecycle, and no other", async () => {
    const rows = await sql`SELECT from_status, to_status FROM task_edges`;
    const edges = rows.map((row) => `${row["from_status"]} > ${row["to_status"]}`);
    const expected = taskLifecycle.transitions.flatMap(({ from, to }) => from.map((status) => `${status} > ${to}`));
    expect(edges.sort()).toEqual([...new Set(expected)].sort());
    for (const step of VIDEO_STEPS) {
      // out of an error: straight to the step, and through the queue
      const { error, making } = STATES_OF_STEP[step];
      expect(edges).toEqual(expect.arrayContaining([`${error} > ${making}`, `${error} > queued`]));
      const [states] =
        await sql`SELECT task_making(${step}) AS making, task_made(${step}) AS made, task_error(${step}) AS error`;
      expect({ ...states }, step).toEqual(STATES_OF_STEP[step]);
    }
    expect(VIDEO_STEPS).toEqual(TASK_STEPS);
    // every way the triggers take is legal, from wherever it begins
    for (const status of TASK_STATUSES) {
      const [way] = await sql`SELECT task_way_to_queued(${status}) AS way`;
      const hops = [status, ...(way!["way"] as string[])];
      for (let i = 1; i < hops.length; i += 1) expect(edges).toContain(`${hops[i - 1]} > ${hops[i]}`);
      expect(hops.at(-1)).toBe("queued");
    }
  });

  it("C-S01 C-S42 C-Q16 take a page of 32 hex digits, once", async () => {
    await sql`INSERT INTO tasks ${sql(task())}`;
    const insert = (page: string) => sql`INSERT INTO tasks ${sql(task({ notion_page_id: page }))}`;
    await expect(insert("0123456789abcdef0123456789abcdef")).rejects.toMatchObject({
      constraint_name: "uq_tasks_notion_page_id",
    });
    await expect(insert("0123456789ABCDEF0123456789abcdef")).rejects.toMatchObject({
      constraint_name: "ck_tasks_notion_page_id",
    });
    await expect(insert("01234567-89ab-cdef-0123-456789abcdef")).rejects.toMatchObject({ code: "22001" });
    await expect(insert("short")).rejects.toMatchObject({ constraint_name: "ck_tasks_notion_page_id" });
  });

  it("C-S01 C-S42 have defaults, and refuse what is missing or too long", async () => {
    const [row] = await sql`INSERT INTO tasks ${sql(task())} RETURNING *`;
    expect(row).toMatchObject({ status: "draft", priority: "normal", error_log: null, youtube_url: null });
    expect(row!["created_at"]).toEqual(row!["updated_at"]);
    for (const column of ["channel_id", "notion_page_id", "title", "topic", "story_direction"]) {
      await expect(sql`UPDATE tasks SET ${sql(column)} = NULL`).rejects.toMatchObject({ code: "23502" });
    }
    await expect(sql`UPDATE tasks SET title = ${"x".repeat(256)}`).rejects.toMatchObject({ code: "22001" });
    await expect(sql`UPDATE tasks SET topic = ${"x".repeat(501)}`).rejects.toMatchObject({ code: "22001" });
    await expect(sql`UPDATE tasks SET youtube_url = ${"x".repeat(256)}`).rejects.toMatchObject({ code: "22001" });
  });
});

describe("the way back of video", () => {
  let database: TestDatabase;
  let sql: Sql;
  beforeEach(async () => {
    database = await createEmptyDatabase();
    sql = postgres(database.url, { max: 1, onnotice: () => {} });
  });
  afterEach(async () => {
    await sql.end({ timeout: 5 });
    await database.drop();
  });

  /** Everything of the schema, by name and text; functions by name where `texts` says so: some have got better since. */
  async function schema(texts: "all" | "without functions" = "all"): Promise<string[]> {
    const rows = await sql`
      SELECT 'column ' || c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull
        || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '') AS part
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
      UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
      UNION ALL SELECT 'function ' || CASE WHEN ${texts} = 'all' THEN pg_get_functiondef(oid) ELSE oid::regprocedure::text END FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
      UNION ALL SELECT 'enum ' || enumtypid::regtype || ' ' || enumlabel FROM pg_enum
      UNION ALL SELECT 'rows of quotas ' || count(*) FROM pg_class WHERE relname = 'quotas'`;
    return rows.map(({ part }) => part as string).sort();
  }

  it("C-S06 leads to the schema of before, and forward again to the same as without it", async () => {
    const files = (await readdir(MIGRATIONS_FOLDER)).filter((name) => name.endsWith(".sql")).sort();
    for (const file of files.slice(0, files.indexOf("0012_video.sql"))) {
      await sql.unsafe(await readFile(join(MIGRATIONS_FOLDER, file), "utf8"));
    }
    const before = await schema("without functions");
    await sql.unsafe("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    await migrate(database.url);
    const whole = await schema();

    await revertVideo(database.url);
    expect(await schema("without functions")).toEqual(before);
    await revertVideo(database.url);
    await migrate(database.url);
    expect(await schema()).toEqual(whole);
    expect(whole.length).toBeGreaterThan(before.length + 100);
    expect((await sql`SELECT count(*)::int AS edges FROM task_edges`)[0]!["edges"]).toBeGreaterThan(50);
  });

  it("C-S06 is refused while a video is being made, and changes nothing then", async () => {
    await migrate(database.url);
    await someChannel(sql);
    await sql`INSERT INTO pipeline_jobs (id, owner_id, pipeline, pipeline_version, resource_key, stage, stage_count, lane, max_retries, input, waiting_for)
      VALUES (gen_random_uuid(), ${OWNER}, 'video', '1.0.0', 'task:x', 'assets', 7, 'media', 3, '{}', 'turn')`;
    await expect(revertVideo(database.url)).rejects.toMatchObject({ code: "55006" });
    expect((await sql`SELECT channel_id FROM channels`)[0]).toMatchObject({ channel_id: "poke" });
    await sql`UPDATE pipeline_jobs SET status = 'cancelled', waiting_for = NULL, finished_at = now()`;
    await revertVideo(database.url);
    expect(await sql`SELECT pipeline FROM pipeline_jobs`).toHaveLength(1);
    expect(await sql`SELECT weight FROM channels`).toHaveLength(1);
  });
});
