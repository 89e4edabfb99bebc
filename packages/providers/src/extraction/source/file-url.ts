import { MillraceError } from "@millrace/core";
import { blobMissing } from "../../blobs/blob-error.ts";
import { assertBlobKey } from "../../blobs/blob-key.ts";

/**
 * Where a `file_url` leads: an http(s) address, or a blob of its owner. Another owner's key is BLOB_MISSING, as if there
 * were none; another scheme URL_REFUSED; what is no key VALIDATION_FAILED.
 */
export function placeOf(fileUrl: string, ownerId: string): "web" | "blob" {
  if (/^https?:\/\//i.test(fileUrl)) return "web";
  if (/^[a-z][a-z0-9+.-]*:/i.test(fileUrl)) {
    throw new MillraceError("URL_REFUSED", "Files come from http(s) addresses or from the store.", {
      details: { rule: "scheme" },
    });
  }
  assertBlobKey(fileUrl);
  if (ownerId === "" || !fileUrl.startsWith(`${ownerId}/`)) throw blobMissing(fileUrl);
  return "blob";
}
