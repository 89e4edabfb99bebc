import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "@millrace/testing";
import { Webhook } from "standardwebhooks";
import { afterEach, expect, test } from "vitest";
import { type Cluster, startCluster } from "../../e2e/processes/cluster.ts";
import { createReceiver, type Received } from "./create-receiver.ts";

let cluster: Cluster | undefined;
const servers: Server[] = [];
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

interface Passed {
  readonly body: string;
  readonly headers: Record<string, string>;
  readonly status: number;
}

/** Stands in front of a receiver and keeps what passes, as somebody who listens on the wire would. */
async function wiretap(target: string): Promise<{ url: string; passed: Passed[] }> {
  const passed: Passed[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => /^(webhook-|content-type)/.test(name)),
    ) as Record<string, string>;
    const body = Buffer.concat(chunks).toString();
    const status = await post(target, body, headers);
    passed.push({ body, headers, status });
    response.writeHead(status).end();
  });
  return { url: await listen(server), passed };
}

const post = async (url: string, body: string, headers: Record<string, string>): Promise<number> =>
  (await fetch(url, { method: "POST", body, headers })).status;

test("A-S26 A-S28 A-S32 A-Q11 D-7 a receiver by the public library believes live callbacks of all three ends, each once, and nothing forged", {
  timeout: 150_000,
}, async () => {
  cluster = await startCluster();
  const { call, reaches, startWorker } = cluster;
  const made = await call("POST", "/callback-endpoints", { url: "http://127.0.0.1:9/" });
  const secret: string = made.body.secret;
  const heard: Received[] = [];
  const receiver = await listen(createReceiver({ secret, onCallback: (callback) => heard.push(callback) }));
  const { url, passed } = await wiretap(receiver);
  expect((await call("PATCH", `/callback-endpoints/${made.body.endpoint_id}`, { url })).status).toBe(200);

  const cancelled = await upload("never begun", "cancelled.md");
  expect((await call("POST", `/jobs/${cancelled}/cancel`)).body.status).toBe("cancelled");
  const completed = await upload("# Mills\n\nThe mill grinds, and the water turns the mill.\n", "größe.md");
  const failed = await upload("   \n", "blank.md");
  await startWorker("w1");
  await reaches(completed, "completed");
  await reaches(failed, "failed");
  await until(() => heard.length === 3, { timeoutMs: 60_000, message: () => JSON.stringify(passed) });
  expect(new Set(heard.map(({ type, job_id }) => `${type} ${job_id}`))).toEqual(
    new Set([
      `pipeline_job.completed ${completed}`,
      `pipeline_job.failed ${failed}`,
      `pipeline_job.cancelled ${cancelled}`,
    ]),
  );

  const delivery = await until(
    async () => {
      const [one] = (await call("GET", `/jobs/${completed}/deliveries`)).body.deliveries;
      return one.status === "delivered" ? one : undefined;
    },
    { timeoutMs: 60_000, message: "the delivery to be written down" },
  );
  expect((await call("POST", `/deliveries/${delivery.delivery_id}/redeliver`)).status).toBe(202);
  const ofCompleted = () => passed.filter(({ body }) => body.includes(completed));
  await until(() => ofCompleted().length >= 2, { timeoutMs: 60_000, message: "the second sending" });
  const [first, second] = ofCompleted();
  expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
  expect(second?.body).toBe(first?.body);
  expect(passed.filter(({ status }) => status !== 204)).toEqual([]);
  expect(heard).toHaveLength(3);

  const { body, headers } = second!;
  expect(await post(receiver, body.replace("completed", "cOmpleted"), headers)).toBe(400);
  expect(await post(receiver, `${body} `, headers)).toBe(400);
  const later = String(Number(headers["webhook-timestamp"]) + 1);
  expect(await post(receiver, body, { ...headers, "webhook-timestamp": later })).toBe(400);
  // signed with the right secret, but ten minutes ago
  const sentAt = new Date(Date.now() - 600_000);
  const id = headers["webhook-id"]!;
  const replay = {
    ...headers,
    "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1_000)),
    "webhook-signature": new Webhook(secret).sign(id, sentAt, body),
  };
  expect(await post(receiver, body, replay)).toBe(400);
  const stranger = await listen(
    createReceiver({ secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}`, onCallback: () => {} }),
  );
  expect(await post(stranger, body, headers)).toBe(400);
  // what makes the refusals above mean something: untouched it is still believed
  expect(await post(receiver, body, headers)).toBe(204);
  expect(heard).toHaveLength(3);
});

async function upload(text: string, name: string): Promise<string> {
  const form = new FormData();
  form.append("file", new Blob([text]), name);
  const answer = await cluster?.call("POST", "/content", form);
  expect(answer?.status).toBe(202);
  return answer?.body.job_id;
}
