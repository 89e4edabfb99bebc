import { Readable } from "node:stream";
import type { Blobs, ByteRange } from "@millrace/core";
import type { Request } from "express";

export interface ServedBlob {
  readonly key: string;
  readonly bytes: number;
  readonly mediaType: string;
  /** Differs when the bytes do. */
  readonly version: string;
  /** Whether caches that are not the caller's own may keep it. */
  readonly isPublic?: boolean;
}

export type BlobAnswer =
  | {
      readonly status: 200 | 206;
      readonly body: null;
      readonly stream: Readable;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly status: 304 | 416; readonly body: null; readonly headers: Readonly<Record<string, string>> };

const SHOWN = /^(?:image|video|audio)\/[a-z0-9.+-]+$/;
const ONE_RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;

/** The bytes of a blob, or the part that `Range` asks for (RFC 9110); several ranges at once are answered with all of it. */
export async function answerBlob(
  blobs: Pick<Blobs, "getStream">,
  blob: ServedBlob,
  request: Request,
): Promise<BlobAnswer> {
  const etag = `"${blob.version}"`;
  const headers = {
    etag,
    "accept-ranges": "bytes",
    "cache-control": blob.isPublic ? "public, max-age=300" : "private, no-cache",
  };
  if (namesVersion(request.headers["if-none-match"], etag)) return { status: 304, body: null, headers };
  const isSame = request.headers["if-range"] === undefined || request.headers["if-range"] === etag;
  const range = isSame ? rangeOf(request.headers.range, blob.bytes) : undefined;
  if (range === "unsatisfiable") {
    return { status: 416, body: null, headers: { ...headers, "content-range": `bytes */${blob.bytes}` } };
  }
  const ofBody = {
    ...headers,
    "content-type": SHOWN.test(blob.mediaType) ? blob.mediaType : "application/octet-stream",
  };
  const stream = request.method === "HEAD" ? Readable.from([]) : await blobs.getStream(blob.key, range);
  if (range === undefined) {
    return { status: 200, body: null, stream, headers: { ...ofBody, "content-length": String(blob.bytes) } };
  }
  const { start, end } = range;
  const ofPart = { "content-length": String(end - start + 1), "content-range": `bytes ${start}-${end}/${blob.bytes}` };
  return { status: 206, body: null, stream, headers: { ...ofBody, ...ofPart } };
}

function namesVersion(header: string | undefined, etag: string): boolean {
  return header?.split(",").some((one) => [etag, `W/${etag}`, "*"].includes(one.trim())) === true;
}

/** undefined: all of it. */
export function rangeOf(header: string | undefined, bytes: number): ByteRange | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = ONE_RANGE.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "")
    return Number(last) === 0 || bytes === 0
      ? "unsatisfiable"
      : { start: Math.max(0, bytes - Number(last)), end: bytes - 1 };
  const start = Number(first);
  const end = last === "" ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= bytes ? "unsatisfiable" : { start, end };
}
