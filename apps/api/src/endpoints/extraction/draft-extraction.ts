import { MillraceError } from "@millrace/core";
import { type ExtractionInput, type ExtractionInputDraft, isWebAddress } from "@millrace/pipelines";
import { checkBytes, formatOfName } from "@millrace/providers";
import { fieldProblem, requestProblem } from "../../http/request-problem.ts";
import type { UploadedFile } from "../../upload/receive-form.ts";
import { checkCallbackUrl } from "../check-callback-url.ts";
import type { EndpointNeeds } from "../needs.ts";
import type { ExtractionFormat } from "./show-extraction.ts";

/** What a caller says of a file's format, under either name (B-Q03). */
export interface SaidFormat {
  readonly format?: ExtractionFormat | undefined;
  readonly extraction_format?: ExtractionFormat | undefined;
}

export function saidFormat({ format, extraction_format }: SaidFormat): ExtractionFormat | undefined {
  if (format !== undefined && extraction_format !== undefined && format !== extraction_format) {
    throw fieldProblem("extraction_format", "same", "says something else than format");
  }
  return format ?? extraction_format;
}

/** The format that was said, else the one the name stands for. */
export function formatOf(said: SaidFormat, fileName: string, field = "format"): ExtractionFormat {
  const format = saidFormat(said) ?? formatOfName(fileName);
  if (format !== undefined) return format;
  throw unsupported(field, `${fileName.slice(-100) || "the file"} has no extension that stands for a format; name one`);
}

/** Refuses bytes that are not of the format (B-Q20). */
export function checkUploadedBytes(format: ExtractionFormat, file: UploadedFile, field = "file"): void {
  try {
    checkBytes(format, file.head, file.fileName);
  } catch (error) {
    if (error instanceof MillraceError) throw unsupported(field, error.message);
    throw error;
  }
}

const unsupported = (field: string, message: string): MillraceError =>
  requestProblem("UNSUPPORTED_FORMAT", `${field}: ${message}`, [{ field, rule: "format", message }]);

const MAX_FILENAME = 512;

/** A file's name without folders and control characters, its end kept when it is too long. */
export function plainName(name: string): string {
  const last = name.replace(/^.*[/\\]/s, "").replace(/\p{Cc}/gu, "");
  // cutting in the middle of a pair would leave what cannot be stored
  return (
    last
      .slice(-MAX_FILENAME)
      .replace(/^[\uDC00-\uDFFF]/, "")
      .trim() || "file"
  );
}

/** What to call a file that is only known by where it lies. */
export function nameInUrl(fileUrl: string): string {
  const path = isWebAddress(fileUrl) && URL.canParse(fileUrl) ? new URL(fileUrl).pathname : fileUrl;
  const last = path.slice(path.lastIndexOf("/") + 1);
  try {
    return plainName(decodeURIComponent(last));
  } catch {
    return plainName(last);
  }
}

/** The draft as the pipeline reads it, every default filled in; what is wrong is named by its path. */
export function readInput({ specs }: Pick<EndpointNeeds, "specs">, draft: ExtractionInputDraft): ExtractionInput {
  const spec = specs.find("extraction");
  if (spec === undefined) throw new Error("the pipeline extraction is not registered");
  return spec.input.parse(draft) as ExtractionInput;
}

/**
 * Refuses an address that leads to a private network, and the key of a file that is not there or not the owner's, which is
 * the same to the caller. The bytes the store has of it; 0 of an address, which nobody has looked at.
 */
export async function checkFileUrl(
  { blobs, callbacks }: Pick<EndpointNeeds, "blobs" | "callbacks">,
  { fileUrl, ownerId, field = "file_url" }: { fileUrl: string; ownerId: string; field?: string },
): Promise<number> {
  if (isWebAddress(fileUrl)) {
    checkCallbackUrl(fileUrl, callbacks.isAddressAllowed, field);
    return 0;
  }
  const head = isOwn(fileUrl, ownerId) ? await blobs.head(fileUrl) : undefined;
  if (head === undefined) throw noSuchFile(field);
  return head.bytes;
}

export const isOwn = (fileUrl: string, ownerId: string): boolean => fileUrl.startsWith(`${ownerId}/`);
export const noSuchFile = (field: string): MillraceError =>
  fieldProblem(field, "exists", "there is no stored file of that key");

/** A record that extractions of this owner can belong to. */
export async function checkRecord(
  { extractions }: Pick<EndpointNeeds, "extractions">,
  recordId: string | null,
  ownerId: string,
): Promise<void> {
  if (recordId === null) return;
  if ((await extractions.findRecord(recordId, ownerId)) === undefined) {
    throw fieldProblem("record_id", "exists", "there is no record of that id");
  }
}

/** JSON that came as a form's text. */
export function readOptionsText(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fieldProblem("options", "json", error instanceof Error ? error.message : "is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw fieldProblem("options", "object", "must be a JSON object");
  }
  return value as Record<string, unknown>;
}
