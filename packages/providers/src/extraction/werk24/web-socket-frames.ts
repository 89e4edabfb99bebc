import { randomBytes } from "node:crypto";

/** RFC 6455, as much of it as a client without extensions needs. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly payload: Buffer;
}

/** The other side does not keep to the protocol, or sends more than it may. */
export class ProtocolError extends Error {}

/** A frame as clients send it: masked, whole. */
export function clientFrame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const { length } = payload;
  const size = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + size);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (size === 0 ? length : size === 2 ? 126 : 127);
  if (size === 2) head.writeUInt16BE(length, 2);
  if (size === 8) head.writeBigUInt64BE(BigInt(length), 2);
  const masked = Buffer.from(payload);
  for (let at = 0; at < masked.length; at++) masked[at] = (masked[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return Buffer.concat([head, mask, masked]);
}

/**
 * Frames as servers send them, in order; `undefined` when the bytes end between two. More than `maxBytes` of payload in
 * all, as declared, is refused before it is read.
 */
export function serverFrames(source: AsyncIterator<Buffer>, maxBytes: number): () => Promise<Frame | undefined> {
  const take = byteTaker(source);
  let left = maxBytes;
  const need = async (count: number): Promise<Buffer> => {
    const bytes = await take(count);
    if (bytes === undefined) throw new Error("the connection ended within a frame");
    return bytes;
  };
  return async () => {
    const head = await take(2);
    if (head === undefined) return undefined;
    const [first = 0, second = 0] = head;
    if ((first & 0x70) !== 0) throw new ProtocolError("a frame of an extension nobody asked for");
    if ((second & 0x80) !== 0) throw new ProtocolError("a masked frame from a server");
    const opcode = first & 0x0f;
    const isLast = (first & 0x80) !== 0;
    const short = second & 0x7f;
    if (opcode >= 8 && (short > 125 || !isLast)) throw new ProtocolError("a control frame that is none");
    const length = short < 126 ? short : Number(await (short === 126 ? readLength(need, 2) : readLength(need, 8)));
    left -= length;
    if (left < 0) throw new ProtocolError(`more than ${maxBytes} bytes`);
    return { opcode, isLast, payload: await need(length) };
  };
}

async function readLength(need: (count: number) => Promise<Buffer>, size: 2 | 8): Promise<bigint> {
  const bytes = await need(size);
  return size === 2 ? BigInt(bytes.readUInt16BE()) : bytes.readBigUInt64BE();
}

/** Exactly so many bytes; `undefined` when the source ends before the first of them. */
function byteTaker(source: AsyncIterator<Buffer>): (count: number) => Promise<Buffer | undefined> {
  let chunks: Buffer[] = [];
  let held = 0;
  return async (count) => {
    while (held < count) {
      const next = await source.next();
      if (next.done) {
        if (held === 0) return undefined;
        throw new Error("the connection ended within a frame");
      }
      chunks.push(next.value);
      held += next.value.length;
    }
    const all = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    chunks = [all.subarray(count)];
    held -= count;
    return all.subarray(0, count);
  };
}
