import { type FileHandle, open } from "node:fs/promises";

/** How long an MP4 says it is, from its movie header; undefined when the file is none. */
export async function mp4Seconds(path: string): Promise<number | undefined> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const movie = await findBox(file, { from: 0, to: size }, "moov");
    const header = movie && (await findBox(file, movie, "mvhd"));
    if (header === undefined) return undefined;
    const fields = await read(file, header.from, Math.min(32, header.to - header.from));
    const isLong = fields.length >= 32 && fields[0] === 1;
    if (fields.length < 20) return undefined;
    const scale = fields.readUInt32BE(isLong ? 20 : 12);
    const seconds = (isLong ? Number(fields.readBigUInt64BE(24)) : fields.readUInt32BE(16)) / scale;
    return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
  } finally {
    await file.close();
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** The content of the first box of this name. */
async function findBox(file: FileHandle, { from, to }: Span, name: string): Promise<Span | undefined> {
  for (let at = from; at + 8 <= to; ) {
    const head = await read(file, at, 16);
    if (head.length < 8) return undefined;
    const written = head.readUInt32BE(0);
    if (written === 1 && head.length < 16) return undefined;
    const headBytes = written === 1 ? 16 : 8;
    const size = written === 0 ? to - at : written === 1 ? Number(head.readBigUInt64BE(8)) : written;
    if (size < headBytes) return undefined;
    if (head.toString("latin1", 4, 8) === name) return { from: at + headBytes, to: Math.min(to, at + size) };
    at += size;
  }
  return undefined;
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
