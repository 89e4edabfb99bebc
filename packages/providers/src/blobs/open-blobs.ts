import { fileURLToPath } from "node:url";
import { type Blobs, MillraceError } from "@millrace/core";
import { assertBlobKey } from "./blob-key.ts";
import { openFolderBlobs } from "./folder-blobs.ts";
import type { S3Credentials, S3Place } from "./s3-blobs.ts";

export interface OpenBlobsOptions {
  /** For S3; never part of the address, which is logged. */
  readonly credentials?: S3Credentials;
}

/**
 * The blob store an address names: `file:///folder`, or `s3://bucket/prefix?region=…&endpoint=…`. The S3 SDK is loaded
 * only for the latter. An address that names none is VALIDATION_FAILED.
 */
export async function openBlobs(address: string, options: OpenBlobsOptions = {}): Promise<Blobs> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === "file:" && url.host === "") return openFolderBlobs(fileURLToPath(url));
  if (url?.protocol === "s3:") {
    const place = readS3Place(url, options);
    const { openS3Blobs } = await import("./s3-blobs.ts");
    return openS3Blobs(place);
  }
  throw invalid("Blobs live at file:///folder or s3://bucket/prefix.");
}

function readS3Place(url: URL, { credentials }: OpenBlobsOptions): S3Place {
  const folder = url.pathname.replace(/^\/+|\/+$/g, "");
  if (folder !== "") assertBlobKey(folder);
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname)) throw invalid("s3:// needs the name of a bucket.");
  if (url.username || url.password) throw invalid("Credentials do not belong in the address of a blob store.");
  const unknown = [...url.searchParams.keys()].find((name) => name !== "region" && name !== "endpoint");
  if (unknown !== undefined) throw invalid(`s3:// knows region and endpoint, not ${unknown}.`);
  const endpoint = url.searchParams.get("endpoint") ?? undefined;
  if (endpoint !== undefined && !/^https?:\/\//.test(endpoint)) throw invalid("endpoint is an http(s) address.");
  return {
    bucket: url.hostname,
    prefix: folder && `${folder}/`,
    region: url.searchParams.get("region") ?? undefined,
    endpoint,
    credentials,
  };
}

function invalid(message: string): MillraceError {
  return new MillraceError("VALIDATION_FAILED", message, { details: { rule: "blob_url" } });
}
