import { MillraceError } from "@millrace/core";

export function blobMissing(key: string): MillraceError {
  return new MillraceError("BLOB_MISSING", `There is no blob ${key}.`, { details: { key } });
}

export function blobTooLarge(key: string, maxBytes: number): MillraceError {
  return new MillraceError("CONTENT_TOO_LARGE", `More than ${maxBytes} bytes.`, {
    details: { key, max_bytes: maxBytes },
  });
}

/** Trouble with the store itself, which may pass. */
export function blobStoreFailed(act: string, cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause;
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new MillraceError("BLOB_STORE_FAILED", `The blob store could not ${act}: ${reason}`, {
    retry: "backoff",
    cause,
  });
}
