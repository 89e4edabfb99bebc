import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";

/** A request as the fake saw it. */
export interface ProviderRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of a reply that read it; else empty. */
  body: Buffer;
}

export interface ProviderExchange extends ProviderRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readBody(): Promise<Buffer>;
  sendJson(status: number, body: unknown, headers?: Record<string, string>): void;
}

export type ProviderReply = (exchange: ProviderExchange) => void | Promise<void>;

/** A provider of media on loopback: a real HTTP server with the shapes of its documents, and trouble on request. */
export interface FakeProvider {
  readonly url: string;
  readonly requests: readonly ProviderRequest[];
  /** Replies of the next requests whose path matches, one each, before the fake's own. */
  interrupt(path: RegExp, ...replies: ProviderReply[]): void;
  stop(): Promise<void>;
}

export async function startFakeProvider(answer: ProviderReply): Promise<FakeProvider> {
  const interruptions: { readonly path: RegExp; readonly reply: ProviderReply }[] = [];
  const requests: ProviderRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const exchange = exchangeOf(request, response);
    requests.push(exchange);
    const at = interruptions.findIndex(({ path }) => path.test(exchange.path));
    const reply = interruptions[at]?.reply ?? answer;
    if (at >= 0) interruptions.splice(at, 1);
    Promise.resolve()
      .then(() => reply(exchange))
      .catch(() => response.destroy());
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    interrupt(path, ...replies) {
      interruptions.push(...replies.map((reply) => ({ path, reply })));
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function exchangeOf(request: IncomingMessage, response: ServerResponse): ProviderExchange {
  const url = new URL(request.url ?? "/", "http://fake");
  const exchange: ProviderExchange = {
    method: request.method ?? "",
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: Buffer.alloc(0),
    request,
    response,
    async readBody() {
      exchange.body = await buffer(request);
      return exchange.body;
    },
    sendJson(status, body, headers = {}) {
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
    },
  };
  return exchange;
}

/** Answers with a status and a body, JSON unless it is text or bytes. */
export function repliesWith(status: number, body: unknown = {}, headers: Record<string, string> = {}): ProviderReply {
  return async (exchange) => {
    await exchange.readBody();
    if (typeof body === "string" || Buffer.isBuffer(body)) exchange.response.writeHead(status, headers).end(body);
    else exchange.sendJson(status, body, headers);
  };
}

/** Takes the request and never says anything. */
export const hangs: ProviderReply = async (exchange) => {
  await exchange.readBody();
};

/** Drops the connection in the middle of an answer. */
export const isCut: ProviderReply = async ({ readBody, response }) => {
  await readBody();
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": "1000" });
  response.write("half of", () => response.destroy());
};
