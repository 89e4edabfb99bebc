/** The bytes of an ASCIIHexDecode stream. */
export function fromHex(text: Buffer): Buffer {
  const digits = text
    .toString("latin1")
    .split(">", 1)[0]!
    .replace(/[^0-9a-f]/gi, "");
  return Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, "hex");
}

/** The bytes of an ASCII85Decode stream (PDF 1.7, 7.4.3). */
export function fromAscii85(text: Buffer): Buffer {
  const bytes = Buffer.alloc(Math.max(4, text.length * 4));
  let length = 0;
  let group = 0;
  let digits = 0;
  for (const byte of text) {
    if (byte === 0x7e) break;
    if (byte === 0x7a && digits === 0) {
      length += 4;
      continue;
    }
    if (byte < 0x21 || byte > 0x75) continue;
    group = group * 85 + (byte - 0x21);
    digits += 1;
    if (digits < 5) continue;
    bytes.writeUInt32BE(group >>> 0, length);
    length += 4;
    group = 0;
    digits = 0;
  }
  if (digits > 1) {
    for (let missing = digits; missing < 5; missing += 1) group = group * 85 + 84;
    bytes.writeUInt32BE(group >>> 0, length);
    length += digits - 1;
  }
  return bytes.subarray(0, length);
}

/** How many bytes a RunLengthDecode stream becomes (PDF 1.7, 7.4.5). */
export function runLength(packed: Buffer): number {
  let length = 0;
  for (let at = 0; at < packed.length && packed[at] !== 128; ) {
    const count = packed[at]!;
    length += count < 128 ? count + 1 : 257 - count;
    at += count < 128 ? count + 2 : 2;
  }
  return length;
}

const CLEAR = 256;
const END = 257;

/** How many bytes an LZWDecode stream becomes (PDF 1.7, 7.4.4), without unpacking it. */
export function lzwLength(packed: Buffer): number {
  const lengths = new Uint32Array(4_096).fill(1, 0, 256);
  let [next, width, previous, total] = [258, 9, 0, 0];
  let [bits, held] = [0, 0];
  for (const byte of packed) {
    bits = ((bits << 8) | byte) & 0xffffff;
    held += 8;
    if (held < width) continue;
    held -= width;
    const code = (bits >> held) & ((1 << width) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      [next, width, previous] = [258, 9, 0];
      continue;
    }
    const length = code < next ? lengths[code]! : previous + 1;
    if (previous > 0 && next < 4_096) {
      lengths[next] = previous + 1;
      next += 1;
    }
    total += length;
    previous = length;
    // the default "early change": codes grow one entry before the table is full
    if (next + 1 >= 2_048) width = 12;
    else if (next + 1 >= 1_024) width = 11;
    else if (next + 1 >= 512) width = 10;
  }
  return total;
}
