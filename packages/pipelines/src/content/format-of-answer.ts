import { MillraceError } from "@millrace/core";
import type { ContentType } from "./input.ts";
import type { Format } from "./outputs.ts";

export interface AnswerFormat {
  readonly format: Format;
  readonly contentType: ContentType;
  readonly charset: string | null;
}

const MARKDOWN = { format: "markdown", contentType: "markdown" } as const;
const TEXT = { format: "text", contentType: "text" } as const;
const PDF = { format: "pdf", contentType: "pdf" } as const;
const HTML = { format: "html", contentType: "web" } as const;

const BY_MEDIA_TYPE: Readonly<Record<string, Omit<AnswerFormat, "charset">>> = {
  "text/html": HTML,
  "application/xhtml+xml": HTML,
  "application/pdf": PDF,
  "application/x-pdf": PDF,
  "text/markdown": MARKDOWN,
  "text/x-markdown": MARKDOWN,
  "application/json": TEXT,
  "application/ld+json": TEXT,
  "application/xml": TEXT,
  "application/yaml": TEXT,
  "application/x-yaml": TEXT,
};
const BY_EXTENSION: Readonly<Record<string, Omit<AnswerFormat, "charset">>> = {
  md: MARKDOWN,
  markdown: MARKDOWN,
  txt: TEXT,
  rst: TEXT,
  pdf: PDF,
  html: HTML,
  htm: HTML,
};

/** Types that servers give to files they do not know: the address and the first bytes say more. */
const VAGUE = new Set(["", "text/plain", "application/octet-stream", "binary/octet-stream", "application/download"]);

function startsWith(body: Uint8Array, pattern: RegExp): boolean {
  return pattern.test(new TextDecoder("latin1").decode(body.subarray(0, 512)));
}

function formatOfVague(mediaType: string, body: Uint8Array, url: string): Omit<AnswerFormat, "charset"> | undefined {
  if (startsWith(body, /^%PDF-/)) return PDF;
  const extension = /\.([a-z0-9]{1,10})$/i.exec(new URL(url).pathname)?.[1]?.toLowerCase() ?? "";
  // plain text stays plain where its server says so: an HTML source shown as text is not a page
  if (mediaType === "text/plain") return extension === "md" || extension === "markdown" ? MARKDOWN : TEXT;
  if (startsWith(body, /^\s*(?:<!doctype html|<html[\s>])/i)) return HTML;
  return BY_EXTENSION[extension];
}

/** Which reader fits an answer from the web. UNSUPPORTED_CONTENT for pictures, archives and the like. */
export function formatOfAnswer(contentTypeHeader: string | undefined, body: Uint8Array, url: string): AnswerFormat {
  const [type = "", ...parameters] = (contentTypeHeader ?? "").split(";").map((part) => part.trim());
  const mediaType = type.toLowerCase();
  const charset =
    parameters.map((p) => /^charset=["']?([\w:-]{1,40})/i.exec(p)?.[1]).find((c) => c !== undefined) ?? null;
  const isOtherText = mediaType.startsWith("text/") || /\+(?:xml|json)$/.test(mediaType);
  const found = VAGUE.has(mediaType)
    ? formatOfVague(mediaType, body, url)
    : (BY_MEDIA_TYPE[mediaType] ?? (isOtherText && !mediaType.startsWith("image/") ? TEXT : undefined));
  if (found === undefined) {
    const named = mediaType === "" ? "an answer without a type" : mediaType.slice(0, 100);
    throw new MillraceError("UNSUPPORTED_CONTENT", `${named} is no text, page or PDF`, {
      details: { media_type: mediaType },
    });
  }
  return { ...found, charset };
}
