import { connectDatabase } from "@millrace/db";
import { createTestDatabase, type TestDatabase } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CliResult, runCli } from "../run-cli.fixture.ts";

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const run = (...args: string[]): Promise<CliResult> => runCli(args, { DATABASE_URL: database.url });

async function audits(): Promise<unknown[]> {
  const db = connectDatabase({ url: database.url, maxConnections: 1, applicationName: "test" });
  try {
    return await db.query("select event from audit_events order by id");
  } finally {
    await db.close();
  }
}

describe("millrace quotas (C-Q11)", () => {
  test("sets limits, time zones and pauses, shows them, and keeps who did it", async () => {
    const set = await run("quotas", "set", "gemini", "studio", "--limit", "500", "--time-zone", "UTC");
    expect(set).toMatchObject({ code: 0, stderr: "" });
    expect(set.stdout).toContain("gemini studio: 500 units a day, days of UTC");
    const paused = await run("quotas", "set", "gemini", "studio", "--pause", "30m", "--reason", "they asked");
    expect(paused.stdout).toContain("gemini studio: 500 units a day, days of UTC, paused until 2");
    const list = await run("quotas");
    expect(list.stdout).toMatch(/^gemini +studio +500 +0 +0 +0 +\d{4}-/m);
    expect(list.stdout).toMatch(/^youtube +\* +10000 +0 +0 +0 +\d{4}-/m);
    expect(list.stdout).toContain(": they asked");
    await run("quotas", "set", "gemini", "studio", "--limit", "none", "--resume");
    const { quotas } = JSON.parse((await run("quotas", "list", "--json")).stdout);
    expect(quotas[0]).toMatchObject({ service: "gemini", pool: "studio", daily_limit: null, paused_until: null });
    expect(await audits()).toEqual(Array.from({ length: 3 }, () => ({ event: "audit.quota_change" })));
  });

  test.each([
    [["quotas", "set", "gemini", "studio"], "Nothing to set"],
    [["quotas", "set", "gemini", "studio", "--limit", "-1"], "a number from 0, or none"],
    [["quotas", "set", "gemini", "stu/dio", "--limit", "1"], "a pool's name, or *"],
    [["quotas", "set", "Gem ini", "*", "--limit", "1"], "a name in small letters"],
    [["quotas", "set", "gemini", "studio", "--time-zone", "Mars/Olympus"], "time zone"],
    [["quotas", "set", "gemini", "*", "--pause", "5m"], "not for every pool"],
    [["permits", "set", "kie", "many"], "a number from 0, or none"],
  ])("refuses %j and says the rule", async (args, rule) => {
    const { code, stderr } = await run(...args);
    expect(code).not.toBe(0);
    expect(stderr).toContain(rule);
  });
});

test("millrace permits sets and shows how many calls at a time (C-Q10)", async () => {
  expect((await run("permits", "set", "kie", "7")).stdout).toContain("kie: at most 7 calls at a time");
  expect((await run("permits")).stdout).toMatch(/^kie +7 +0$/m);
  expect((await run("permits", "set", "kie", "none")).stdout).toContain("kie: no limit");
  expect(JSON.parse((await run("permits", "list", "--json")).stdout).permits).toEqual([
    { provider: "elevenlabs", permits: 6, held: 0 },
    { provider: "gemini", permits: 12, held: 0 },
  ]);
  expect(await audits()).toHaveLength(2);
});
