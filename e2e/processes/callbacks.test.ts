import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { type Callback, verifyCallback } from "@millrace/client";
import { callbackBody } from "@millrace/contracts";
import { until } from "@millrace/testing";
import { afterEach, expect, it } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const run = promisify(execFile);

let cluster: Cluster;
let receiver: Server | undefined;
afterEach(async () => {
  await cluster?.close();
  receiver?.closeAllConnections();
  await new Promise((resolve) => (receiver === undefined ? resolve(undefined) : receiver.close(resolve)));
  receiver = undefined;
});

interface Heard {
  readonly raw: string;
  readonly headers: Record<string, string>;
}

/** Answers as `status` says for the n-th request; 0 leaves it unanswered. */
async function listen(status: (nth: number) => number): Promise<{ url: string; heard: Heard[] }> {
  const heard: Heard[] = [];
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      heard.push({ raw: Buffer.concat(chunks).toString(), headers: request.headers as Record<string, string> });
      const code = status(heard.length);
      if (code > 0) response.writeHead(code).end();
    });
  });
  await new Promise<void>((resolve) => receiver?.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`, heard };
}

const millrace = async (...args: string[]): Promise<string> => {
  const env = {
    PATH: process.env["PATH"],
    MILLRACE_DATA: cluster.folder,
    MILLRACE_API_URL: `http://127.0.0.1:${cluster.api.port}`,
    MILLRACE_API_KEY: cluster.key,
  };
  return (await run(process.execPath, ["apps/cli/dist/main.js", "callbacks", ...args], { cwd: ROOT, env })).stdout;
};

async function addEndpoint(url: string): Promise<{ id: string; secret: string }> {
  const [line = "", secret = ""] = (await millrace("add", url)).trim().split("\n");
  return { id: line.split(" ")[0] ?? "", secret };
}

async function submit(key: string): Promise<string> {
  const { status, body } = await cluster.call("POST", "/jobs", { pipeline: "counted", input: { key } });
  expect(status).toBe(202);
  return body.job_id;
}

const deliveryOf = async (jobId: string) => (await cluster.call("GET", `/jobs/${jobId}/deliveries`)).body.deliveries[0];

const settled = (jobId: string, status: string) =>
  until(
    async () => {
      const delivery = await deliveryOf(jobId);
      return delivery?.status === status ? delivery : undefined;
    },
    { timeoutMs: 40_000, everyMs: 50, message: `the callback of ${jobId} to be ${status}` },
  );

it("A-S26 A-S28 A-S30 A-S32 a job's end reaches its owner's endpoint, signed; a receiver that was away gets it by one command", {
  timeout: 120_000,
}, async () => {
  let isAway = false;
  const { url, heard } = await listen(() => (isAway ? 500 : 204));
  cluster = await startCluster();
  const worker = await cluster.startWorker("w1");
  const { id, secret } = await addEndpoint(url);
  expect(await millrace("test", id)).toContain("delivered");
  expect(heard).toHaveLength(1);

  const jobId = await submit("told");
  await settled(jobId, "delivered");
  const { raw, headers } = heard[1]!;
  const callback: Callback = verifyCallback(raw, headers, secret);
  expect(callbackBody.parse(callback)).toMatchObject({
    type: "pipeline_job.completed",
    job_id: jobId,
    status: "completed",
    pipeline: "counted",
    resource_key: "counted:told",
  });
  const ready = await until(
    async () => {
      const { checks } = (await (await fetch(`http://127.0.0.1:${worker.port}/ready`)).json()) as {
        checks: { callbacks: { delivered: number } };
      };
      return checks.callbacks.delivered === 1 ? checks.callbacks : undefined;
    },
    { timeoutMs: 20_000, message: "the worker to say so" },
  );
  expect(ready).toMatchObject({ failed: 0, exhausted: 0, isStoreUp: true });

  isAway = true;
  const missed = await submit("missed");
  const exhausted = await settled(missed, "exhausted");
  expect(exhausted).toMatchObject({ attempts: 3, last_status_code: 500 });
  expect((await cluster.call("GET", `/jobs/${missed}`)).body.status).toBe("completed");
  expect(await millrace("deliveries", missed)).toContain("attempt 3");
  isAway = false;
  expect(await millrace("redeliver", "--exhausted", "--since", "1h")).toContain("1 are due now.");
  await settled(missed, "delivered");
  const ids = heard.slice(2).map((one) => one.headers["webhook-id"]);
  expect(ids).toEqual(Array(4).fill(exhausted.callback_event_id));
  expect(heard.slice(2).every((one) => verifyCallback(one.raw, one.headers, secret).callback_event_id === ids[0])).toBe(
    true,
  );
});

it("after kill -9 between POST and record another worker delivers it, under the same id and uncounted", {
  timeout: 150_000,
}, async () => {
  const { url, heard } = await listen((nth) => (nth === 1 ? 0 : 200));
  cluster = await startCluster();
  const first = await cluster.startWorker("w1");
  await addEndpoint(url);
  const jobId = await submit("killed");
  await until(() => heard.length === 1, { timeoutMs: 40_000, message: "the first POST" });
  await cluster.kill(first);
  // as if the lease were over: half a minute is long for a test
  await cluster.sql`UPDATE callback_deliveries SET next_attempt_at = now() WHERE status = 'pending'`;
  await cluster.startWorker("w2");
  const delivery = await settled(jobId, "delivered");
  expect(delivery).toMatchObject({ attempts: 1 });
  expect(delivery.log.map((line: { attempt: number }) => line.attempt)).toEqual([1, 1]);
  expect(heard.map((one) => one.headers["webhook-id"])).toEqual([
    delivery.callback_event_id,
    delivery.callback_event_id,
  ]);
});
