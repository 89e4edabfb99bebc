import { type Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Blobs, MillraceError } from "@millrace/core";
import { blobMissing } from "../../blobs/blob-error.ts";
import type { OutboundFetch } from "../../outbound/outbound-fetch.ts";
import { retryAfterOf } from "../../outbound/retry-after.ts";
import { mediaTypeOf } from "../detect/media-type.ts";
import type { ExtractionFormat } from "../extractor.ts";
import { type CheckedStream, checkedStream, fileTooLarge } from "./checked-stream.ts";
import { fileNameOf } from "./file-name.ts";
import { placeOf } from "./file-url.ts";

/** The largest file taken where nothing else is said (B-Q20). */
export const MAX_FILE_BYTES = 100 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 120_000;

export interface FileRequest {
  /** An http(s) address, or the key of a blob that begins with the owner's id. */
  readonly fileUrl: string;
  readonly ownerId: string;
  /** What the bytes have to be. */
  readonly format: ExtractionFormat;
  /** Where a file from the web is put; a blob stays where it is. */
  readonly workKey: string;
  /** Default 100 MB. */
  readonly maxBytes?: number;
  readonly signal: AbortSignal;
}

/** A file that is there, of the right kind and size. */
export interface SourceFile {
  /** The blob with its bytes. */
  readonly key: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** As the place it came from calls it. */
  readonly fileName: string;
  /** By its bytes, whatever its sender called it. */
  readonly mediaType: string;
}

export interface FileSource {
  /**
   * Streams a file into a work blob, or reads a stored one through; neither is held in memory. Final: CONTENT_EMPTY,
   * CONTENT_TOO_LARGE, UNSUPPORTED_FORMAT (as soon as 64 KiB are there), BLOB_MISSING, URL_REFUSED, URL_HTTP_ERROR for
   * answers that will stay the same. To be tried again: FETCH_TIMEOUT, URL_UNREACHABLE, URL_HTTP_ERROR for 408, 425, 429
   * and 5xx (with Retry-After), BLOB_STORE_FAILED.
   */
  bring(request: FileRequest): Promise<SourceFile>;
}

export interface FileSourceOptions {
  readonly blobs: Blobs;
  readonly fetch: OutboundFetch;
  /** For the whole way of a file from the web; default two minutes. */
  readonly timeoutMs?: number;
}

export function openFileSource({ blobs, fetch, timeoutMs = DEFAULT_TIMEOUT_MS }: FileSourceOptions): FileSource {
  return {
    async bring(request) {
      request.signal.throwIfAborted();
      return placeOf(request.fileUrl, request.ownerId) === "blob"
        ? readStored(blobs, request)
        : download({ blobs, fetch, timeoutMs }, request);
    },
  };
}

async function readStored(blobs: Blobs, { fileUrl: key, format, maxBytes, signal }: FileRequest): Promise<SourceFile> {
  const limit = maxBytes ?? MAX_FILE_BYTES;
  const head = await blobs.head(key);
  if (head === undefined) throw blobMissing(key);
  if (head.bytes > limit) throw fileTooLarge(limit);
  const fileName = key.split("/").at(-1) ?? key;
  const source = await blobs.getStream(key);
  const checked = checkedStream(source, { format, fileName, maxBytes: limit });
  try {
    await pipeline(checked.stream, nowhere(), { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : storeError(error);
  } finally {
    source.destroy();
  }
  return described(key, fileName, checked);
}

async function download(
  { blobs, fetch, timeoutMs }: Required<FileSourceOptions>,
  { fileUrl, format, workKey, maxBytes, signal }: FileRequest,
): Promise<SourceFile> {
  const limit = maxBytes ?? MAX_FILE_BYTES;
  let hasBegun = false;
  let saved: SourceFile | undefined;
  const save = async (body: Readable, answer: { url: string; headers: Readonly<Record<string, string>> }) => {
    hasBegun = true;
    const fileName = fileNameOf(answer.headers, answer.url);
    const checked = checkedStream(body, { format, fileName, maxBytes: limit });
    await blobs.putStream(workKey, checked.stream, { maxBytes: limit });
    saved = described(workKey, fileName, checked);
  };
  try {
    const answer = await fetch(fileUrl, { headers: { accept: "*/*" }, signal, maxBytes: limit, timeoutMs, save });
    if (saved !== undefined) return saved;
    throw refusal(answer.status, answer.headers);
  } catch (error) {
    throw fileError(error, limit, hasBegun);
  }
}

/** A damaged answer is most likely a connection that was lost, once a file has begun to come. */
function fileError(error: unknown, maxBytes: number, hasBegun: boolean): unknown {
  if (!(error instanceof MillraceError)) return error;
  if (error.code === "FETCH_TOO_LARGE") return fileTooLarge(maxBytes, error);
  if (error.code !== "URL_HTTP_ERROR" || !hasBegun) return error;
  return new MillraceError("URL_UNREACHABLE", "The file broke off before its end.", {
    retry: "backoff",
    details: error.details,
    cause: error,
  });
}

function described(key: string, fileName: string, checked: CheckedStream): SourceFile {
  const { bytes, sha256, kind } = checked.seen();
  return { key, bytes, sha256, fileName, mediaType: mediaTypeOf(kind) };
}

/** Statuses that may be another one on the next try; every other refusal stays one. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

function refusal(status: number, headers: Readonly<Record<string, string>>): MillraceError {
  if (status === 204) return new MillraceError("CONTENT_EMPTY", "The address answered with nothing.");
  const isPassing = status >= 500 || PASSING.has(status);
  const retryAfterMs = isPassing ? retryAfterOf(headers) : undefined;
  return new MillraceError("URL_HTTP_ERROR", `The address answered ${status}.`, {
    retry: isPassing ? "backoff" : "never",
    details: { status },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** A stream that breaks off is the store's trouble, unless it is known as something else. */
function storeError(error: unknown): unknown {
  if (error instanceof MillraceError) return error;
  return new MillraceError("BLOB_STORE_FAILED", "The blob store broke off while a file was read.", {
    retry: "backoff",
    cause: error,
  });
}

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });
