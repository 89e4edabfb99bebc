import { connectDatabase, createAlertStore, type NewAlert } from "@millrace/db";
import { createTestDatabase, type FakeProvider, startFakeProvider, type TestDatabase } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CliResult, runCli } from "../run-cli.fixture.ts";

const ALERT: NewAlert = {
  fact: "quota_80:1",
  kind: "quota_80",
  subject: "youtube/p",
  severity: "warning",
  message: "Quota youtube of p is nearly spent.",
  details: { units: 8_000 },
  everyMs: 300_000,
};

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const alerts = (args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> =>
  runCli(["alerts", ...args], { DATABASE_URL: database.url, ...env });

async function raise(alert: NewAlert): Promise<void> {
  const db = connectDatabase({ url: database.url, maxConnections: 1, applicationName: "test" });
  await createAlertStore(db).raise(alert, { now: new Date("2026-03-04T12:00:00Z"), isSent: false });
  await db.close();
}

describe("millrace alerts", () => {
  test("lists the newest and whether they were sent (C2.8)", async () => {
    expect((await alerts([])).stdout).toBe("No alerts.\n");
    await raise({ ...ALERT, message: "older" });
    await raise({ ...ALERT, fact: "quota_80:2" });
    const { stdout, code } = await alerts(["list", "--limit", "1"]);
    expect(code).toBe(0);
    expect(stdout).toContain("2026-03-04T12:00:00.000Z  warning  quota_80");
    expect(stdout).toContain("  Quota youtube of p is nearly spent.\n  not sent: there is no address to send it to");
    expect(stdout).not.toContain("older");
    expect(JSON.parse((await alerts(["list", "--json"])).stdout).alerts).toMatchObject([
      { message: ALERT.message, details: { units: 8_000 }, sent_at: null, at: "2026-03-04T12:00:00.000Z" },
      { message: "older" },
    ]);
    expect(await alerts(["list", "--limit", "0"])).toMatchObject({ code: 1 });
  });
});

describe("millrace alerts test", () => {
  let receiver: FakeProvider;
  let status: number;
  beforeEach(async () => {
    status = 204;
    receiver = await startFakeProvider(async ({ readBody, response }) => {
      await readBody();
      response.writeHead(status).end();
    });
  });
  afterEach(() => receiver.stop());

  test("posts to the address and says what became of it", async () => {
    const env = { ALERT_WEBHOOK_URL: `${receiver.url}/s3cret`, ALLOW_LOOPBACK: "true" };
    expect(await alerts(["test"], env)).toMatchObject({ code: 0, stdout: "The receiver took the test message.\n" });
    expect(receiver.requests[0]?.body.toString()).toContain("A test of alerts");
    status = 401;
    const refused = await alerts(["test"], env);
    expect(refused).toMatchObject({ code: 1, stderr: "The receiver of alerts answered 401.\n" });
    const closed = await alerts(["test"], { ...env, ALLOW_LOOPBACK: "false" });
    expect(closed.code).toBe(1);
    expect(closed.stderr).not.toContain("s3cret");
    expect(await alerts(["test"])).toMatchObject({
      code: 1,
      stderr: "Set ALERT_WEBHOOK_URL to the address that alerts are posted to.\n",
    });
    expect(receiver.requests).toHaveLength(2);
  });
});
