import { createEmptyDatabase, type TestDatabase } from "@millrace/testing";
import postgres, { type Sql } from "postgres";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrate, revertCutover } from "./migrate.ts";
import { applyUnifiedStatus } from "./unified-status.ts";

const OWNER = "00000000-0000-7000-8000-000000000001";
const EARLY = "2026-01-01T00:00:00.000Z";
const LATE = "2026-01-02T00:00:00.000Z";

let database: TestDatabase;
let sql: Sql;
beforeEach(async () => {
  database = await createEmptyDatabase();
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await migrate(database.url);
  await sql`INSERT INTO owners (id, name) VALUES (${OWNER}, 'o')`;
});
afterEach(async () => {
  await sql.end({ timeout: 5 });
  await database.drop();
});

/** All that makes the table what it is: columns with defaults, constraints, indexes. */
async function shape(): Promise<string[]> {
  const rows = await sql`
    SELECT 'column ' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '-') AS part
    FROM information_schema.columns WHERE table_name = 'contents'
    UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE conrelid = 'contents'::regclass AND contype <> 'n'
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE tablename = 'contents' ORDER BY 1`;
  return rows.map(({ part }) => part as string);
}

const columns = async () =>
  (await shape()).filter((part) => part.startsWith("column")).map((part) => part.split(" ")[1]);

async function content(title: string): Promise<string> {
  const [row] = await sql`
    INSERT INTO contents (id, owner_id, resource_key, content_type, title)
    VALUES (gen_random_uuid(), ${OWNER}, gen_random_uuid()::text, 'markdown', ${title}) RETURNING id`;
  return row?.["id"];
}

/** A content's job in its first state; what it becomes, a test says by an update, and the trigger tells the content. */
async function job(contentId: string): Promise<string> {
  const [row] = await sql`
    INSERT INTO pipeline_jobs (id, owner_id, pipeline, pipeline_version, resource_key, lane, stage, stage_count, max_retries,
      input, content_id, status, waiting_for)
    VALUES (gen_random_uuid(), ${OWNER}, 'content', '1.2.3', gen_random_uuid()::text, 'io', 's', 1, 0, '{}', ${contentId},
      'pending', 'turn') RETURNING id`;
  return row?.["id"];
}

const end = (jobId: string, status: "completed" | "cancelled") => sql`
  UPDATE pipeline_jobs SET status = ${status}, waiting_for = NULL, finished_at = now() WHERE id = ${jobId}`;

const PAIR = { classification: "classification", extraction: "entity_extraction" } as const;
const addPair = (name: string) =>
  sql.unsafe(`ALTER TABLE contents ADD ${name}_status text, ADD ${name}_at timestamptz`);

/** The table as the older program left it: without the new columns, with the old pairs. */
async function makeLegacy(): Promise<void> {
  await sql`ALTER TABLE contents DROP processing_status, DROP processed_at, DROP pipeline_version`;
  for (const name of Object.values(PAIR)) await addPair(name);
}

describe("the cutover to one status, up (A-S01, A-S02, A-S03, A-S14, A-Q17)", () => {
  it.each([
    ["completed", "completed", "completed"],
    [" Completed ", "COMPLETED", "completed"],
    ["completed", "failed", "failed"],
    ["failed", "processing", "failed"],
    [null, "failed", "failed"],
    ["processing", "completed", "processing"],
    ["pending", "processing", "processing"],
    ["completed", "pending", "pending"],
    ["completed", null, "pending"],
    ["skipped", "completed", "pending"],
    [null, null, "pending"],
  ])("makes %j and %j to %j", async (one, other, expected) => {
    await makeLegacy();
    const id = await content("legacy");
    await sql`UPDATE contents SET classification_status = ${one}, entity_extraction_status = ${other},
      classification_at = ${EARLY}, entity_extraction_at = ${LATE} WHERE id = ${id}`;
    await migrate(database.url);
    const [row] = await sql`SELECT processing_status, processed_at, pipeline_version FROM contents WHERE id = ${id}`;
    expect(row).toEqual({ processing_status: expected, processed_at: new Date(LATE), pipeline_version: null });
  });

  it("gives a legacy table the shape of a new one, and a second run changes nothing", async () => {
    const wanted = await shape();
    await makeLegacy();
    const id = await content("legacy");
    await sql`UPDATE contents SET classification_status = 'completed', entity_extraction_status = 'completed'`;
    await migrate(database.url);
    expect(await shape()).toEqual(wanted);
    const before = await sql`SELECT *, xmin::text FROM contents WHERE id = ${id}`;
    await applyUnifiedStatus(sql);
    await migrate(database.url);
    expect(await shape()).toEqual(wanted);
    // not even rewritten: the row is the same version
    expect(await sql`SELECT *, xmin::text FROM contents WHERE id = ${id}`).toEqual(before);
  });

  it.each(Object.values(PAIR))("takes a table that has only the pair %s", async (name) => {
    const wanted = await shape();
    await addPair(name);
    const id = await content("half");
    await sql.unsafe(`UPDATE contents SET ${name}_status = 'completed', ${name}_at = '${EARLY}'`);
    await migrate(database.url);
    const [row] = await sql`SELECT processing_status, processed_at FROM contents WHERE id = ${id}`;
    expect(row).toEqual({ processing_status: "completed", processed_at: new Date(EARLY) });
    expect(await shape()).toEqual(wanted);
  });

  it("leaves alone a content that a job has processed, whatever the old pairs say", async () => {
    for (const name of Object.values(PAIR)) await addPair(name);
    const id = await content("processed");
    await end(await job(id), "cancelled");
    await sql`UPDATE contents SET classification_status = 'completed', entity_extraction_status = 'completed'`;
    await migrate(database.url);
    const [row] = await sql`SELECT processing_status, pipeline_version FROM contents WHERE id = ${id}`;
    expect(row).toEqual({ processing_status: "cancelled", pipeline_version: "1.2.3" });
  });
});

describe("the way back, down (A-Q17)", () => {
  it("gives both pairs the one status and takes the new columns, twice as well as once", async () => {
    const ids = { done: await content("done"), stopped: await content("stopped"), fresh: await content("fresh") };
    await end(await job(ids.done), "completed");
    await end(await job(ids.stopped), "cancelled");
    const before = await sql`SELECT title, processed_at FROM contents ORDER BY title`;
    await revertCutover(database.url);
    await revertCutover(database.url);
    const rows = await sql`
      SELECT title, classification_status, entity_extraction_status, classification_at, entity_extraction_at
      FROM contents ORDER BY title`;
    expect(rows.map((row) => Object.values(row))).toEqual([
      ["done", "completed", "completed", before[0]?.["processed_at"], before[0]?.["processed_at"]],
      ["fresh", "pending", "pending", null, null],
      ["stopped", "failed", "failed", before[2]?.["processed_at"], before[2]?.["processed_at"]],
    ]);
    const left = await columns();
    expect(
      left.filter((name) => ["processing_status", "processed_at", "pipeline_version"].includes(name ?? "")),
    ).toEqual([]);
    expect((await shape()).filter((part) => part.includes("processing_status"))).toEqual([]);
  });

  it("there and back again, the table is as before and so are the statuses the pairs can say", async () => {
    const wanted = await shape();
    const id = await content("done");
    await end(await job(id), "completed");
    const [before] = await sql`SELECT processing_status, processed_at FROM contents WHERE id = ${id}`;
    for (let round = 0; round < 2; round += 1) {
      await revertCutover(database.url);
      await migrate(database.url);
      expect(await shape()).toEqual(wanted);
      const [row] = await sql`SELECT processing_status, processed_at, pipeline_version FROM contents WHERE id = ${id}`;
      expect(row).toEqual({ ...before, pipeline_version: null });
    }
    // and jobs reach their contents again
    await end(await job(id), "cancelled");
    const [row] = await sql`SELECT processing_status, pipeline_version FROM contents WHERE id = ${id}`;
    expect(row).toEqual({ processing_status: "cancelled", pipeline_version: "1.2.3" });
  });

  it("refuses while a job on a content is active, and changes nothing", async () => {
    const wanted = await shape();
    await job(await content("busy"));
    await expect(revertCutover(database.url)).rejects.toMatchObject({ code: "55006" });
    expect(await shape()).toEqual(wanted);
  });
});
