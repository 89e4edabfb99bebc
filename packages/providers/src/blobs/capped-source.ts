import type { Readable } from "node:stream";
import { blobTooLarge } from "./blob-error.ts";

/** A caller's stream, counted: what went wrong on its side is kept apart from trouble with the store. */
export interface CappedSource extends AsyncIterable<Buffer> {
  /** Bytes handed out so far. */
  bytes(): number;
  /** Why the stream ended early: its own error, or CONTENT_TOO_LARGE. */
  failure(): { readonly error: unknown } | undefined;
}

export function capSource(key: string, source: Readable, maxBytes: number): CappedSource {
  let bytes = 0;
  let failure: { readonly error: unknown } | undefined;
  source.on("error", () => {}); // reading reports it, but it may come before the first read
  return {
    bytes: () => bytes,
    failure: () => failure,
    async *[Symbol.asyncIterator]() {
      try {
        for await (const chunk of source) {
          const buffer: Buffer = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
          bytes += buffer.length;
          if (bytes > maxBytes) throw blobTooLarge(key, maxBytes);
          yield buffer;
        }
      } catch (error) {
        failure = { error };
        throw error;
      }
    },
  };
}
