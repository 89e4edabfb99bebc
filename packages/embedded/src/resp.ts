import { connect } from "node:net";

/** What Redis answers: a text, a number, a list, nothing, or an error it states. */
export type RedisReply = string | number | null | Error | readonly RedisReply[];

function encode(command: readonly string[]): string {
  const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return `*${command.length}\r\n${parts.join("")}`;
}

interface Parsed {
  readonly reply: RedisReply;
  readonly end: number;
}

function parseList(bytes: Buffer, count: number, start: number): Parsed | undefined {
  const replies: RedisReply[] = [];
  let end = start;
  for (let index = 0; index < count; index += 1) {
    const item = parseReply(bytes, end);
    if (item === undefined) return undefined;
    replies.push(item.reply);
    end = item.end;
  }
  return { reply: replies, end };
}

/** One reply of the RESP2 protocol, or undefined when it is not complete yet. */
function parseReply(bytes: Buffer, start: number): Parsed | undefined {
  const lineEnd = bytes.indexOf("\r\n", start);
  if (lineEnd < 0) return undefined;
  const text = bytes.toString("utf8", start + 1, lineEnd);
  const end = lineEnd + 2;
  const kind = String.fromCharCode(bytes[start] ?? 0);
  if (kind === "+") return { reply: text, end };
  if (kind === "-") return { reply: new Error(text), end };
  if (kind === ":") return { reply: Number(text), end };
  const length = Number(text);
  if (length < 0) return { reply: null, end };
  if (kind === "*") return parseList(bytes, length, end);
  if (kind !== "$") throw new Error(`Not a Redis server: its answer begins with ${JSON.stringify(kind)}`);
  if (bytes.length < end + length + 2) return undefined;
  return { reply: bytes.toString("utf8", end, end + length), end: end + length + 2 };
}

function parseReplies(bytes: Buffer, wanted: number): readonly RedisReply[] | undefined {
  return parseList(bytes, wanted, 0)?.reply as readonly RedisReply[] | undefined;
}

/**
 * Sends commands over a connection of its own and returns their replies; an error reply is an `Error` in its place.
 * For looking after a private server. The product itself talks to Redis through packages/queue.
 */
export function askRedis(
  url: string,
  commands: readonly (readonly string[])[],
  timeoutMs = 2_000,
): Promise<readonly RedisReply[]> {
  const { hostname, port, username, password } = new URL(url);
  const login = password === "" ? [] : [["AUTH", ...(username === "" ? [] : [username]), decodeURIComponent(password)]];
  const sent = [...login, ...commands];
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port || 6379), hostname);
    let received: Buffer = Buffer.alloc(0);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () => fail(new Error(`No answer from Redis within ${timeoutMs} ms`)));
    socket.once("error", fail);
    socket.once("close", () => reject(new Error("Redis closed the connection")));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      try {
        const replies = parseReplies(received, sent.length);
        if (replies === undefined) return;
        resolve(replies.slice(login.length));
        socket.destroy();
      } catch (error) {
        fail(error as Error);
      }
    });
    socket.write(sent.map(encode).join(""));
  });
}
