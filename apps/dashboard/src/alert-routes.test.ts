import { createAlertStore } from "@millrace/db";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Rig, startRig } from "./dashboard.fixture.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

test("the console shows the newest alerts, whatever they say (C2.8)", async () => {
  const agent = await rig.signIn();
  expect((await agent.get("/alerts")).text).toContain("Nothing that somebody should know.");
  const alerts = createAlertStore(rig.db);
  const about = { kind: "task_failed", subject: "x", severity: "critical", everyMs: 1 } as const;
  const now = new Date();
  const details = { task_id: "0199aaaa-0000-7000-8000-00000000000a" };
  await alerts.raise({ ...about, fact: "1", message: "<b>Bees</b> failed", details }, { now, isSent: true });
  await alerts.raise({ ...about, fact: "2", message: "Wolves failed", details: {} }, { now, isSent: false });
  const { status, text } = await agent.get("/alerts");
  expect(status).toBe(200);
  expect(text).toContain("&lt;b&gt;Bees&lt;/b&gt; failed");
  expect(text).toContain(`<a href="/tasks/${details.task_id}">`);
  expect(text).toContain("no: there is no address to send it to");
  expect(text.indexOf("Wolves")).toBeLessThan(text.indexOf("Bees"));
});
