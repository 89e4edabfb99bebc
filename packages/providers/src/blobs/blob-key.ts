import { MillraceError } from "@millrace/core";

/** With a prefix still below S3's 1,024 bytes; a segment below the 255 of every file system. */
const MAX_KEY_LENGTH = 768;
const MAX_SEGMENT_LENGTH = 200;
const SEGMENT = /^[A-Za-z0-9._-]+$/;

/**
 * A key is a relative path of [A-Za-z0-9._-] segments, none of them '.' or '..'. A key that is another key's folder
 * ("a" beside "a/b") is two things in S3 and cannot be both in a folder: callers do not make such keys.
 */
export function assertBlobKey(key: string): void {
  const segments = key.split("/");
  const isValid = key.length <= MAX_KEY_LENGTH && segments.every(isSegment);
  if (!isValid) throw invalid("blob_key", `Not a valid blob key: ${JSON.stringify(key.slice(0, 100))}`);
}

/** The start of keys, cut anywhere: "", "content", "content/", "content/ab". */
export function assertBlobPrefix(prefix: string): void {
  const segments = prefix.split("/");
  const last = segments.pop() ?? "";
  const isValid =
    prefix.length <= MAX_KEY_LENGTH &&
    segments.every(isSegment) &&
    (last === "" || (SEGMENT.test(last) && last !== ".."));
  if (!isValid) throw invalid("blob_prefix", `Not a valid blob prefix: ${JSON.stringify(prefix.slice(0, 100))}`);
}

function isSegment(segment: string): boolean {
  return segment.length <= MAX_SEGMENT_LENGTH && SEGMENT.test(segment) && segment !== "." && segment !== "..";
}

function invalid(rule: string, message: string): MillraceError {
  return new MillraceError("VALIDATION_FAILED", message, { details: { rule } });
}
