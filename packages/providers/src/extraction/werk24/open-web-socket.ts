import { createHash, randomBytes } from "node:crypto";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Socket } from "node:net";
import { clientFrame, OPCODE, ProtocolError, serverFrames } from "./web-socket-frames.ts";

export interface WebSocketSession {
  send(text: string): void;
  /** The other side's next message; `undefined` after it closed in the proper way. Throws when the connection broke. */
  next(): Promise<string | undefined>;
  close(): void;
}

/** What came of asking for a session: the session, or the answer that refused it. */
export type Handshake =
  | {
      readonly kind: "open";
      readonly session: WebSocketSession;
      readonly headers: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };

export interface WebSocketRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Ends the handshake and the session, in any state. */
  readonly signal: AbortSignal;
  /** Of all messages together. */
  readonly maxBytes: number;
}

const MAX_REFUSAL = 65_536;
/** RFC 6455, 1.3. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * A WebSocket whose handshake shows status and headers of a refusal: undici's client, which follows the browsers' rules,
 * tells neither a wrong key from a busy server nor how long to wait.
 */
export async function openWebSocket({ url, headers, signal, maxBytes }: WebSocketRequest): Promise<Handshake> {
  const key = randomBytes(16).toString("base64");
  const target = new URL(url.href.replace(/^ws/, "http"));
  const send = target.protocol === "https:" ? requestHttps : requestHttp;
  const request = send(target, {
    agent: false,
    signal,
    headers: {
      ...headers,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": key,
    },
  });
  const answer = await new Promise<{ response: IncomingMessage; socket?: Socket; head?: Buffer }>((resolve, reject) => {
    request.once("response", (response) => resolve({ response }));
    request.once("upgrade", (response, socket, head) => resolve({ response, socket: socket as Socket, head }));
    request.on("error", reject);
    request.end();
  });
  const answered = flatten(answer.response);
  if (answer.socket === undefined) {
    const status = answer.response.statusCode ?? 0;
    return { kind: "refused", status, headers: answered, body: await startOf(answer.response) };
  }
  const accept = createHash("sha1").update(`${key}${ACCEPT_GUID}`).digest("base64");
  if (answered["sec-websocket-accept"] !== accept) {
    answer.socket.destroy();
    throw new ProtocolError("the handshake was answered with another's key");
  }
  const session = openSession({ socket: answer.socket, head: answer.head ?? Buffer.alloc(0), signal, maxBytes });
  return { kind: "open", session, headers: answered };
}

interface Connection {
  readonly socket: Socket;
  readonly head: Buffer;
  readonly signal: AbortSignal;
  readonly maxBytes: number;
}

function openSession({ socket, head, signal, maxBytes }: Connection): WebSocketSession {
  const stop = (): void => void socket.destroy(signal.reason);
  socket.on("error", () => {}); // reading reports it
  socket.once("close", () => signal.removeEventListener("abort", stop));
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  if (head.length > 0) socket.unshift(head);
  const nextFrame = serverFrames(socket[Symbol.asyncIterator](), maxBytes);
  const write = (opcode: number, payload: Buffer): void => void socket.write(clientFrame(opcode, payload));

  return {
    send: (text) => write(OPCODE.text, Buffer.from(text)),
    async next() {
      const parts: Buffer[] = [];
      for (;;) {
        const frame = await nextFrame();
        if (frame === undefined) throw new Error("the connection ended without a farewell");
        const { opcode, isLast, payload } = frame;
        if (opcode === OPCODE.close) {
          write(OPCODE.close, payload.subarray(0, 2));
          return undefined;
        }
        if (opcode === OPCODE.ping) write(OPCODE.pong, payload);
        if (opcode >= 8) continue;
        if (opcode !== (parts.length === 0 ? OPCODE.text : OPCODE.continuation)) {
          throw new ProtocolError(`a frame of kind ${opcode} in the wrong place`);
        }
        parts.push(payload);
        if (isLast) return decode(Buffer.concat(parts));
      }
    },
    close() {
      if (!socket.destroyed) write(OPCODE.close, Buffer.from([0x03, 0xe8]));
      socket.destroySoon();
    },
  };
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ProtocolError("a message that is not UTF-8", { cause });
  }
}

function flatten(response: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}

async function startOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_REFUSAL) break;
    }
  } catch {
    // the status is known; the body is a courtesy
  }
  response.destroy();
  return Buffer.concat(chunks).toString("utf8").slice(0, MAX_REFUSAL);
}
