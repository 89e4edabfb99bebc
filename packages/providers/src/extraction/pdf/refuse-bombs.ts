import { createInflate } from "node:zlib";
import { MillraceError } from "@millrace/core";
import { fromAscii85, fromHex, lzwLength, runLength } from "./stream-filters.ts";

/** Of one stream. pdf.js unpacks a page's drawing, a font or an object table whole, outside the thread's heap limit. */
const MAX_STREAM_BYTES = 96 * 1024 * 1024;
/** Of all streams together. */
const MAX_TOTAL_BYTES = 1024 * 1024 * 1024;
/** A stream shorter than this stays below the limit whatever it holds: deflate gains at most 1:1032, LZW 1:2560. */
const MIN_SUSPECT_BYTES = 32 * 1024;
/** Unpacked streams that are packed again gain twice, so they are looked at from here. */
const MIN_CHAIN_BYTES = 64;
const DICTIONARY_BYTES = 2_048;

const FILTERS = /\/(FlateDecode|Fl|LZWDecode|LZW|ASCII85Decode|A85|ASCIIHexDecode|AHx|RunLengthDecode|RL)\b/g;

function tooComplex(bytes: number): MillraceError {
  const message = `the PDF's streams unpack to more than ${Math.round(bytes / 1024 / 1024)} MB`;
  return new MillraceError("CONTENT_TOO_COMPLEX", message);
}

interface Inflated {
  readonly length: number;
  /** The bytes, when a later filter needs them and they are few enough. */
  readonly bytes: Buffer;
}

/** Damaged data ends the count, as it ends pdf.js' reading. */
async function inflate(packed: Buffer, isKept: boolean): Promise<Inflated> {
  const unpacking = createInflate({ chunkSize: 256 * 1024 });
  const parts: Buffer[] = [];
  let length = 0;
  unpacking.end(packed);
  try {
    for await (const part of unpacking as AsyncIterable<Buffer>) {
      length += part.length;
      if (isKept) parts.push(part);
      if (length > MAX_STREAM_BYTES) throw tooComplex(MAX_STREAM_BYTES);
    }
  } catch (error) {
    if (error instanceof MillraceError) throw error;
  } finally {
    unpacking.destroy();
  }
  return { length, bytes: Buffer.concat(parts) };
}

/** How many bytes a stream becomes. */
async function unpackedLength(packed: Buffer, filters: readonly string[]): Promise<number> {
  let bytes = packed;
  for (const [index, filter] of filters.entries()) {
    if (filter.startsWith("A85") || filter.startsWith("ASCII85")) bytes = fromAscii85(bytes);
    else if (filter.startsWith("A")) bytes = fromHex(bytes);
    else if (filter.startsWith("LZW")) return lzwLength(bytes);
    else if (filter.startsWith("R")) return runLength(bytes);
    else {
      const isLast = index === filters.length - 1;
      const inflated = await inflate(bytes, !isLast);
      if (isLast) return inflated.length;
      bytes = inflated.bytes;
    }
  }
  return bytes.length;
}

interface PackedStream {
  readonly dictionary: string;
  /** From the stream's first byte to its end, or to the file's end where the file does not plainly say. */
  readonly packed: Buffer;
  readonly isEndKnown: boolean;
}

function* streamsOf(file: Buffer): Generator<PackedStream> {
  for (let at = file.indexOf("stream"); at !== -1; at = file.indexOf("stream", at + 6)) {
    const before = file.toString("latin1", Math.max(0, at - DICTIONARY_BYTES), at);
    if (!/>>\s*$/.test(before)) continue;
    const dictionary = before.slice(Math.max(0, before.lastIndexOf(" obj")));
    let start = at + 6;
    if (file[start] === 0x0d) start += 1;
    if (file[start] === 0x0a) start += 1;
    const end = file.indexOf("endstream", start);
    const [, length, reference] = /\/Length\s+(\d+)(\s+\d+\s+R)?/.exec(dictionary) ?? [];
    const isEndKnown = length !== undefined && reference === undefined;
    // whichever is further: either may be a lie
    const packed = file.subarray(start, isEndKnown ? Math.max(end, start + Number(length)) : file.length);
    yield { dictionary, packed, isEndKnown };
    if (end === -1) return;
    at = end;
  }
}

const UNPACKS = /^(?:Fl|LZW|R)/;

/** Too short to become large. */
function isHarmless({ packed, isEndKnown }: PackedStream, filters: readonly string[]): boolean {
  const steps = filters.filter((filter) => UNPACKS.test(filter)).length;
  if (steps === 0) return true;
  return isEndKnown && packed.length < (steps === 1 ? MIN_SUSPECT_BYTES : MIN_CHAIN_BYTES);
}

/**
 * Throws CONTENT_TOO_COMPLEX of a file whose streams unpack to more than a machine should hold. Pictures are not looked
 * at because nobody unpacks them here; streams of an encrypted file cannot be looked at.
 */
export async function refuseBombs(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let total = 0;
  for (const stream of streamsOf(file)) {
    if (/\/Subtype\s*\/Image\b/.test(stream.dictionary)) continue;
    const filters = Array.from(stream.dictionary.matchAll(FILTERS), ([, name = ""]) => name);
    if (isHarmless(stream, filters)) continue;
    const length = await unpackedLength(stream.packed, filters);
    signal.throwIfAborted();
    if (length > MAX_STREAM_BYTES) throw tooComplex(MAX_STREAM_BYTES);
    total += length;
    if (total > MAX_TOTAL_BYTES) throw tooComplex(MAX_TOTAL_BYTES);
  }
}
