import { createTestDatabase, type TestDatabase } from "@millrace/testing";
import postgres from "postgres";
import { afterEach, beforeEach, expect, it } from "vitest";
import { spawnCli } from "../../apps/cli/src/run-cli.fixture.ts";

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

async function hasUnifiedStatus(): Promise<boolean> {
  const sql = postgres(database.url, { max: 1 });
  try {
    const rows = await sql`
      SELECT FROM information_schema.columns WHERE table_name = 'contents' AND column_name = 'processing_status'`;
    return rows.length === 1;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

it("millrace migrate goes back over the status cutover and forward again (A-Q17)", async () => {
  const env = { DATABASE_URL: database.url };
  const back = await spawnCli(["migrate", "--revert-status-cutover"], env);
  expect([back.code, back.stderr, await hasUnifiedStatus()]).toEqual([0, "", false]);
  expect(back.stdout).toContain("two status pairs again");
  const forward = await spawnCli(["migrate"], env);
  expect([forward.code, forward.stderr, await hasUnifiedStatus()]).toEqual([0, "", true]);
}, 120_000);
