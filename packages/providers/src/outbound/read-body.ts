import { pipeline } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw, type Zlib } from "node:zlib";
import { MillraceError } from "@millrace/core";

/** The codings `decoderOf` reads; sent as Accept-Encoding. */
export const ACCEPTED_ENCODINGS = "gzip, deflate, br";

/**
 * A body, decompressed. More than `maxBytes`, declared, received or after decompression, is FETCH_TOO_LARGE as soon as
 * it shows, so neither an endless body nor a decompression bomb is read to its end.
 */
export async function boundedBody(
  body: AsyncIterable<Buffer>,
  headers: Readonly<Record<string, string>>,
  maxBytes: number,
): Promise<AsyncIterable<Buffer>> {
  if (Number(headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  return capped(await decoded(capped(body, maxBytes), headers["content-encoding"]), maxBytes);
}

/** Reads such a body into memory. */
export async function readBody(
  body: AsyncIterable<Buffer>,
  headers: Readonly<Record<string, string>>,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of await boundedBody(body, headers, maxBytes)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The first `maxBytes` of a body, decompressed; fewer when it ends, breaks or is broken off before. */
export async function readStart(
  body: AsyncIterable<Buffer>,
  headers: Readonly<Record<string, string>>,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of await decoded(generated(body), headers["content-encoding"])) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= maxBytes) break;
    }
  } catch {
    // the status is known; the body is a courtesy
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}

async function* generated(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* source;
}

async function* capped(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

export function tooLarge(maxBytes: number): MillraceError {
  return new MillraceError("FETCH_TOO_LARGE", `The answer is larger than ${maxBytes} bytes.`, {
    details: { max_bytes: maxBytes },
  });
}

async function decoded(source: AsyncGenerator<Buffer>, encoding = "identity"): Promise<AsyncIterable<Buffer>> {
  if (/^\s*(?:identity)?\s*$/i.test(encoding)) return source;
  const first = await source.next();
  if (first.done) return source;
  const decoder = decoderOf(encoding.trim().toLowerCase(), first.value);
  if (decoder === undefined) {
    throw new MillraceError(
      "URL_HTTP_ERROR",
      `The answer is encoded as ${encoding.slice(0, 40)}, which was not asked for.`,
    );
  }
  // The callback is needed, not its argument: an error reaches whoever reads the decoder.
  return pipeline(resumed(first.value, source), decoder, () => {});
}

async function* resumed(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

/**
 * Flushing rather than finishing forgives a missing end mark, as browsers and curl do; HTTP's own framing has already
 * told whether bytes are missing. "deflate" means zlib's format and in practice often the bare one: the first byte tells.
 */
function decoderOf(
  encoding: string,
  first: Buffer,
): (Zlib & NodeJS.ReadWriteStream & AsyncIterable<Buffer>) | undefined {
  const lenient = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return createGunzip(lenient);
    case "deflate":
      return ((first[0] ?? 0) & 0x0f) === 8 ? createInflate(lenient) : createInflateRaw(lenient);
    case "br":
      return createBrotliDecompress({
        flush: constants.BROTLI_OPERATION_FLUSH,
        finishFlush: constants.BROTLI_OPERATION_FLUSH,
      });
    default:
      return undefined;
  }
}
