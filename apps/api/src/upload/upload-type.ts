import type { UploadType } from "@millrace/contracts";
import { requestProblem } from "../http/request-problem.ts";

/** How far into a file its magic may stand: PDF readers accept leading junk within the first 1024 bytes. */
export const HEAD_BYTES = 1024;

const BY_EXTENSION: ReadonlyMap<string, UploadType> = new Map([
  ["md", "markdown"],
  ["markdown", "markdown"],
  ["mdown", "markdown"],
  ["mkd", "markdown"],
  ["txt", "text"],
  ["text", "text"],
  ["log", "text"],
  ["pdf", "pdf"],
]);

const BY_MEDIA_TYPE: ReadonlyMap<string, UploadType> = new Map([
  ["text/markdown", "markdown"],
  ["text/x-markdown", "markdown"],
  ["text/plain", "text"],
  ["application/pdf", "pdf"],
]);

export interface UploadSigns {
  /** What the caller says it is. */
  readonly declared: UploadType | undefined;
  readonly fileName: string;
  /** The part's Content-Type. */
  readonly mediaType: string;
  readonly head: Uint8Array;
}

/** What an upload is: said, or by its magic, its extension, its media type, in this order. Anything else is refused. */
export function uploadType({ declared, fileName, mediaType, head }: UploadSigns): UploadType {
  const isPdf = Buffer.from(head).includes("%PDF-");
  const extension = /\.([A-Za-z]+)$/.exec(fileName)?.[1]?.toLowerCase() ?? "";
  const type =
    declared ?? (isPdf && startsWithPdf(head) ? "pdf" : (BY_EXTENSION.get(extension) ?? BY_MEDIA_TYPE.get(mediaType)));
  if (type === undefined) {
    throw requestProblem("UNSUPPORTED_MEDIA_TYPE", "Only markdown, plain text and PDF are accepted.", [
      { field: "file", rule: "media_type", message: `is neither markdown, text nor PDF (${mediaType}, ${fileName})` },
    ]);
  }
  if ((type === "pdf") !== (type === "pdf" ? isPdf : startsWithPdf(head))) {
    throw requestProblem("UNSUPPORTED_MEDIA_TYPE", "The file is not what it is said to be.", [
      {
        field: "file",
        rule: "media_type",
        message: type === "pdf" ? "is said to be a PDF but does not look like one" : `is a PDF, not ${type}`,
      },
    ]);
  }
  return type;
}

const startsWithPdf = (head: Uint8Array): boolean => Buffer.from(head.subarray(0, 5)).toString("latin1") === "%PDF-";
