import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { ANSWERS, REQUEST_ID, THUMBNAIL } from "./fake-werk24-answers.ts";

/** How the fake behaves from now on; what is left out is as of a healthy Werk24. */
export interface Werk24Behaviour {
  /** Refuses the session with this. */
  readonly handshake?: { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };
  /** Refuses the drawing with this status. */
  readonly upload?: number;
  /** Answers an ask with these fields of a message instead of its own; `null` with nothing. */
  readonly answers?: Readonly<Record<string, object | null>>;
  /** More fields of the welcome, and of its payload. */
  readonly welcome?: object;
  readonly welcomePayload?: object;
  /** Sent as they are instead of answers. */
  readonly raw?: readonly (string | Buffer)[];
  /** After the answers: `complete` says so, `close` says farewell only, `cut` drops the connection, `hang` waits for ever. */
  readonly end?: "complete" | "close" | "cut" | "hang";
  /** Fields of the last message. */
  readonly completedPayload?: object;
  /** Says nothing at all, not even a welcome. */
  readonly isSilent?: boolean;
}

/** One reading of a drawing as the fake saw it. */
export interface Werk24Reading {
  readonly asks: readonly string[];
  readonly maxPages: number;
  readonly drawing: Buffer | undefined;
  readonly fields: Readonly<Record<string, string>>;
}

export interface FakeWerk24 {
  /** `ws://127.0.0.1:…/v2`, for `WERK24_BASE_URL`. */
  readonly url: string;
  readonly token: string;
  readonly readings: readonly Werk24Reading[];
  behave(behaviour: Werk24Behaviour): void;
  /** Connections open now. */
  open(): number;
  stop(): Promise<void>;
}

interface Reading {
  asks: string[];
  maxPages: number;
  drawing: Buffer | undefined;
  fields: Record<string, string>;
}

const TOKEN = "werk24-test-token";
const PERMISSION = "policy-of-the-fake";

/**
 * A Werk24 on loopback that speaks the protocol of its public client 2.6: a WebSocket with INITIALIZE, a form upload to
 * the place it names, READ, then a message per ask. Its answers are always the same drawing's.
 */
export async function startFakeWerk24(first: Werk24Behaviour = {}): Promise<FakeWerk24> {
  let behaviour = first;
  const readings: Reading[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    void answerHttp(request, response, { behaviour, readings }).catch(() => response.destroy());
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket) => {
    const refusal = request.headers.authorization === `Token ${TOKEN}` ? behaviour.handshake : UNAUTHORIZED;
    if (refusal !== undefined) refuse(socket as Socket, refusal);
    else void converse(accept(request, socket as Socket), { behaviour, readings, base }).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `ws://${base}/v2`,
    token: TOKEN,
    readings,
    behave(next) {
      behaviour = next;
    },
    open: () => sockets.size,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const UNAUTHORIZED = { status: 401, body: JSON.stringify({ code: "401", message: "Authentication failed" }) };

function refuse(socket: Socket, { status, headers = {}, body = "" }: NonNullable<Werk24Behaviour["handshake"]>): void {
  const lines = Object.entries({ "content-type": "application/json", ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const length = `content-length: ${Buffer.byteLength(body)}\r\n`;
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join("")}${length}connection: close\r\n\r\n${body}`);
}

interface Place {
  readonly behaviour: Werk24Behaviour;
  readonly readings: Reading[];
}

async function answerHttp(request: IncomingMessage, response: ServerResponse, { behaviour, readings }: Place) {
  if (request.method === "GET" && request.url === "/thumbnail") {
    response.writeHead(200, { "content-type": "image/png" }).end(THUMBNAIL);
    return;
  }
  if (request.method === "GET" && request.url === "/features") {
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify(ANSWERS["FEATURES"]?.payload_dict));
    return;
  }
  const body = await buffer(request);
  const reading = readings[Number(request.url?.split("/").at(-1))];
  if (request.method !== "POST" || reading === undefined) {
    response.writeHead(404).end();
    return;
  }
  const { fields, file } = readForm(body, request.headers["content-type"] ?? "");
  const isWelcome = fields["policy"] === PERMISSION && request.headers["content-length"] === String(body.length);
  const status = behaviour.upload ?? (isWelcome ? 204 : 403);
  if (status === 204) Object.assign(reading, { fields, drawing: file });
  response.writeHead(status).end(status === 204 ? undefined : "<Error><Code>Refused</Code></Error>");
}

/** As S3 reads it: fields, then the file, which comes last. */
function readForm(body: Buffer, contentType: string): { fields: Record<string, string>; file: Buffer | undefined } {
  const boundary = /boundary=([^;]+)/.exec(contentType)?.[1] ?? "";
  const text = body.toString("latin1");
  const fields: Record<string, string> = {};
  let file: Buffer | undefined;
  for (const part of text.split(`--${boundary}`).slice(1, -1)) {
    const at = part.indexOf("\r\n\r\n");
    const name = /name="([^"]*)"/.exec(part.slice(0, at))?.[1] ?? "";
    const value = part.slice(at + 4, -2);
    if (name === "file") file = Buffer.from(value, "latin1");
    else fields[name] = value;
  }
  return { fields, file };
}

function accept(request: IncomingMessage, socket: Socket): Socket {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const answer = createHash("sha1").update(key).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${answer}\r\nx-ratelimit-remaining: 41\r\n\r\n`,
  );
  return socket;
}

async function converse(
  socket: Socket,
  { behaviour, readings, base }: Place & { readonly base: string },
): Promise<void> {
  if (behaviour.isSilent) {
    socket.resume().once("end", () => socket.end());
    return;
  }
  const id = readings.length;
  const reading: Reading = { asks: [], maxPages: 0, drawing: undefined, fields: {} };
  readings.push(reading);
  const send = (message: object): void =>
    sendText(socket, JSON.stringify({ request_id: REQUEST_ID, page_number: 0, exceptions: [], ...message }));
  for await (const text of clientMessages(socket)) {
    if (text === PONG) answerAsks(socket, send, { behaviour, reading, base });
    const { action, message } = text === PONG ? {} : JSON.parse(text);
    if (action === "INITIALIZE") {
      Object.assign(reading, {
        asks: message.asks.map((ask: { ask_type: string }) => ask.ask_type),
        maxPages: message.max_pages,
      });
      const post = { url: `http://${base}/upload/${id}`, fields: { policy: PERMISSION, key: `drawings/${id}` } };
      const payload = { drawing_presigned_post: post, model_presigned_post: null, public_key: null };
      send({
        ...progress("INITIALIZATION_SUCCESS"),
        payload_dict: { ...payload, ...behaviour.welcomePayload },
        ...behaviour.welcome,
      });
    } else if (action === "READ") {
      send(progress("STARTED"));
      // As gateways do: a client that does not answer gets nothing more.
      socket.write(Buffer.from([0x89, 2, 0x68, 0x69]));
    }
  }
  socket.end();
}

function answerAsks(
  socket: Socket,
  send: (message: object) => void,
  { behaviour, reading, base }: { behaviour: Werk24Behaviour; reading: Reading; base: string },
): void {
  if (behaviour.raw !== undefined) {
    for (const each of behaviour.raw) typeof each === "string" ? sendText(socket, each) : socket.write(each);
  } else {
    for (const ask of reading.asks) {
      const own = behaviour.answers?.[ask];
      const answer = own === undefined ? ANSWERS[ask] : own;
      if (answer) send(placed({ message_type: "ASK", message_subtype: ask, ...answer }, base));
    }
  }
  const end = behaviour.end ?? "complete";
  if (end === "complete") send({ ...progress("COMPLETED"), payload_dict: behaviour.completedPayload ?? null });
  if (end === "complete" || end === "close") socket.write(Buffer.from([0x88, 2, 0x03, 0xe8]));
  // after what was written is out, as a gateway that dies does
  if (end === "cut") socket.end();
}

const progress = (subtype: string): object => ({ message_type: "PROGRESS", message_subtype: subtype });

const placed = (message: object, base: string): object =>
  JSON.parse(JSON.stringify(message).replaceAll("http://fake", `http://${base}`));

/** In two frames where there is enough of it: clients must put messages together. */
function sendText(socket: Socket, text: string): void {
  const bytes = Buffer.from(text);
  const half = bytes.length > 200 ? bytes.length >> 1 : bytes.length;
  socket.write(frame(half === bytes.length ? 0x81 : 0x01, bytes.subarray(0, half)));
  if (half < bytes.length) socket.write(frame(0x80, bytes.subarray(half)));
}

function frame(first: number, payload: Buffer): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), payload]);
  if (length < 65_536) return Buffer.concat([Buffer.from([first, 126, length >> 8, length & 0xff]), payload]);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(length));
  return Buffer.concat([Buffer.from([first, 127]), size, payload]);
}

/** Stands for a pong among a client's messages. */
const PONG = "\0pong";

/** Text messages of a client until it says farewell; an unmasked frame ends the session, as RFC 6455 asks for. */
async function* clientMessages(socket: Socket): AsyncGenerator<string> {
  let held = Buffer.alloc(0);
  for await (const chunk of socket) {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const read = readFrame(held);
      if (read === undefined) break;
      held = held.subarray(read.size);
      if (read.opcode === 8) return;
      if (read.opcode === 1) yield read.payload.toString("utf8");
      if (read.opcode === 10) yield PONG;
    }
  }
}

function readFrame(held: Buffer): { opcode: number; payload: Buffer; size: number } | undefined {
  if (held.length < 2) return undefined;
  const [first = 0, second = 0] = held;
  if ((second & 0x80) === 0) throw new Error("an unmasked frame");
  const short = second & 0x7f;
  const head = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (held.length < head + 4) return undefined;
  const length = short < 126 ? short : short === 126 ? held.readUInt16BE(2) : Number(held.readBigUInt64BE(2));
  const size = head + 4 + length;
  if (held.length < size) return undefined;
  const mask = held.subarray(head, head + 4);
  const payload = Buffer.from(held.subarray(head + 4, size)).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return { opcode: first & 0x0f, payload: Buffer.from(payload), size };
}
