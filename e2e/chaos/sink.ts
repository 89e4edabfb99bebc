import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Random } from "./random.ts";

/** One delivery as it came in. */
export interface SinkRequest {
  readonly at: number;
  /** `webhook-id`, which is to stay the same over all tries. */
  readonly id: string;
  readonly jobId: string;
  /** What it was answered; 0: the connection was cut without an answer. */
  readonly status: number;
}

export interface Sink {
  readonly url: string;
  readonly requests: SinkRequest[];
  close(): Promise<void>;
}

const FAILING_SHARE = 0.2;
const JOB_ID = /"job_id"\s*:\s*"(?<id>[0-9a-f-]{36})"/;

/** A receiver of callbacks that fails one time in five: by status, or by hanging up. */
export async function startSink(random: Random): Promise<Sink> {
  const requests: SinkRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => {});
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const jobId = JOB_ID.exec(body)?.groups?.["id"] ?? "";
      const header = request.headers["webhook-id"];
      const status = random.chance(FAILING_SHARE) ? random.pick([500, 503, 0]) : 200;
      requests.push({ at: Date.now(), id: typeof header === "string" ? header : "", jobId, status });
      if (status === 0) request.socket.resetAndDestroy();
      else response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callbacks`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
