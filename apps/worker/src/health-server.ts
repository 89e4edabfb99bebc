import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Health {
  readonly isReady: boolean;
  readonly checks: Readonly<Record<string, unknown>>;
}

/** `/health`: the process answers. `/ready`: it is consuming. */
export async function startHealthServer(options: {
  host: string;
  port: number;
  check: () => Promise<Health>;
}): Promise<{ port: number; server: Server }> {
  const server = createServer((request, response) => {
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (request.url === "/health") return send(200, { status: "ok" });
    if (request.url !== "/ready") return send(404, { status: "not found" });
    options.check().then(
      (health) =>
        send(health.isReady ? 200 : 503, { status: health.isReady ? "ready" : "not ready", checks: health.checks }),
      (error: unknown) => send(503, { status: "not ready", error: String(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, server };
}
