import { type FakeProvider, hangs, repliesWith, startFakeProvider } from "@millrace/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOutboundFetch } from "../outbound/create-outbound-fetch.ts";
import { type AlertMessage, createAlertSender } from "./create-alert-sender.ts";

const AT = new Date("2026-03-04T12:00:00Z");
const alert: AlertMessage = { kind: "task_failed", severity: "critical", message: "it failed", others: 0, at: AT };

let receiver: FakeProvider;
beforeAll(async () => {
  receiver = await startFakeProvider(async (exchange) => {
    await exchange.readBody();
    exchange.response.writeHead(204).end();
  });
});
afterAll(() => receiver.stop());

const sender = (allowLoopback = true) =>
  createAlertSender({
    fetch: createOutboundFetch({ userAgent: "millrace-test", allowLoopback }),
    url: `${receiver.url}/hooks/s3cret`,
  });
// biome-ignore lint/suspicious/noExplicitAny: what was posted is looked at field by field
const lastBody = (): any => JSON.parse(receiver.requests.at(-1)?.body.toString() ?? "");

test("posts what Discord and Slack take, and notifies nobody by name (C2.8)", async () => {
  await sender()({ ...alert, message: "<!channel> & @everyone", others: 3 });
  expect(receiver.requests.at(-1)).toMatchObject({ method: "POST", path: "/hooks/s3cret" });
  expect(lastBody()).toEqual({
    content: "[critical] <!channel> & @everyone (and 3 more like it)",
    text: "[critical] &lt;!channel&gt; &amp; @everyone (and 3 more like it)",
    embeds: [{ title: "task_failed", color: 0xdc2626, timestamp: "2026-03-04T12:00:00.000Z" }],
    allowed_mentions: { parse: [] },
  });
});

test("a long message is cut, what stands behind it stays", async () => {
  await sender()({ ...alert, message: "x".repeat(5_000), others: 12 });
  expect(lastBody().content.length).toBeLessThanOrEqual(2_000);
  expect(lastBody().content).toMatch(/x \(and 12 more like it\)$/);
});

test.each([400, 404, 429, 500, 302])("an answer of %i is an error that does not name the address", async (status) => {
  receiver.interrupt(/hooks/, repliesWith(status, { error: "no" }, { location: "http://127.0.0.1/elsewhere" }));
  const failure = await sender()(alert).catch((error: Error) => error);
  expect(failure).toMatchObject({ code: "URL_HTTP_ERROR", message: `The receiver of alerts answered ${status}.` });
  expect(JSON.stringify(failure)).not.toContain("s3cret");
});

test("a receiver that does not answer is given five seconds", async () => {
  receiver.interrupt(/hooks/, hangs);
  await expect(sender()(alert)).rejects.toMatchObject({ code: "FETCH_TIMEOUT", details: { timeout_ms: 5_000 } });
});

test("an address inside the network is refused unless loopback is allowed", async () => {
  const before = receiver.requests.length;
  await expect(sender(false)(alert)).rejects.toMatchObject({ code: "URL_REFUSED" });
  expect(receiver.requests).toHaveLength(before);
});
