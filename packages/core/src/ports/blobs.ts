import type { Readable } from "node:stream";

export interface BlobHead {
  readonly key: string;
  readonly bytes: number;
}

/** Bytes from `start` to `end`, both included and counted from 0, as HTTP has them; both lie within the blob. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Bytes by key. Keys are relative POSIX paths of [A-Za-z0-9._-] segments. A put is atomic: readers see the old bytes or
 * the new ones, never a part. A missing key is BLOB_MISSING; trouble with the store is BLOB_STORE_FAILED (backoff).
 */
export interface Blobs {
  put(key: string, bytes: Uint8Array | string): Promise<BlobHead>;
  /**
   * Streams to the store in bounded memory; more than `maxBytes` is CONTENT_TOO_LARGE and leaves nothing behind. An error
   * of the source comes back as it is; the source is destroyed in the end.
   */
  putStream(key: string, source: Readable, options: { readonly maxBytes: number }): Promise<BlobHead>;
  get(key: string, options?: { readonly maxBytes?: number }): Promise<Uint8Array>;
  getStream(key: string, range?: ByteRange): Promise<Readable>;
  head(key: string): Promise<BlobHead | undefined>;
  delete(key: string): Promise<void>;
  /** Keys that start with `prefix`, in the order of their bytes. */
  list(prefix: string): AsyncIterable<BlobHead>;
  /** Rejects when the store cannot be used. */
  check(): Promise<void>;
}
