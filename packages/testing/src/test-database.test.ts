import postgres from "postgres";
import { expect, test } from "vitest";
import { createTestDatabase } from "./test-database.ts";

test("a test database has the tables of the template and is gone after drop", async () => {
  const database = await createTestDatabase();
  const sql = postgres(database.url, { max: 1 });
  expect(await sql`SELECT id FROM pipeline_jobs`).toEqual([]);
  await database.drop();
  await expect(sql`SELECT 1`).rejects.toThrow();
  await sql.end();
});

test("two databases do not see each other", async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const [a, b] = [postgres(one.url, { max: 1 }), postgres(two.url, { max: 1 })];
  await a`CREATE TABLE mine (id int)`;
  await expect(b`SELECT * FROM mine`).rejects.toThrow(/does not exist/);
  await Promise.all([a.end(), b.end()]);
  await Promise.all([one.drop(), two.drop()]);
});
