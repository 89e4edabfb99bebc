import { connectDatabase } from "@millrace/db";
import { createTestDatabase, type TestDatabase } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CliResult, runCli } from "../run-cli.fixture.ts";

const CHANNEL = "0199aaaa-0000-7000-8000-00000000000a";

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const channels = (...args: string[]): Promise<CliResult> =>
  runCli(["channels", ...args], { DATABASE_URL: database.url });

async function rows<T>(text: string): Promise<T[]> {
  const db = connectDatabase({ url: database.url, maxConnections: 1, applicationName: "test" });
  try {
    return await db.query<T>(text);
  } finally {
    await db.close();
  }
}

describe("millrace channels", () => {
  test("sets shares, caps and state, shows them, and keeps who did it (C-Q06)", async () => {
    const set = await channels("set", CHANNEL, "--weight", "2.5", "--max-in-flight", "3");
    expect(set).toMatchObject({ code: 0, stderr: "" });
    expect(set.stdout).toContain(`${CHANNEL}: active, weight 2.5, at most 3 in flight`);
    expect((await channels("set", CHANNEL, "--active", "no", "--max-in-flight", "none")).stdout).toContain(
      `${CHANNEL}: switched off, weight 2.5, no cap`,
    );
    expect((await channels("list")).stdout).toMatch(new RegExp(`^${CHANNEL} +off +2.5 +none +0 +0$`, "m"));
    expect(JSON.parse((await channels("list", "--json")).stdout)).toEqual({
      channels: [{ channel_id: CHANNEL, weight: 2.5, max_in_flight: null, is_active: false, waiting: 0, in_flight: 0 }],
    });
    const audit = await rows<{ event: string; details: unknown }>(
      "select event, details from audit_events order by id",
    );
    expect(audit).toHaveLength(2);
    expect(audit[1]).toEqual({
      event: "audit.channel_change",
      details: {
        channel_id: CHANNEL,
        before: { weight: 2.5, max_in_flight: 3, is_active: true },
        after: { weight: 2.5, max_in_flight: null, is_active: false },
      },
    });
  });

  test.each([
    [["set", "nonsense", "--weight", "2"], "a channel's id, a uuid"],
    [["set", "00000000-0000-0000-0000-000000000000", "--weight", "2"], "a channel's id, a uuid"],
    [["set", CHANNEL, "--weight", "0"], "a number from 0.1 to 100"],
    [["set", CHANNEL, "--weight", "1e1"], "a number from 0.1 to 100"],
    [["set", CHANNEL, "--max-in-flight", "-1"], "a number from 0, or none"],
    [["set", CHANNEL, "--active", "perhaps"], "yes or no"],
    [["set", CHANNEL], "Nothing to set"],
  ])("refuses %j and says the rule", async (args, rule) => {
    const { code, stderr } = await channels(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(rule);
    expect(await rows("select id from channels")).toEqual([]);
  });
});
