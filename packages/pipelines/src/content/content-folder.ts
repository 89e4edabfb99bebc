import type { StageJob } from "@millrace/core";
import type { ContentInput, ContentType } from "./input.ts";
import type { Resolved } from "./outputs.ts";

const EXTENSIONS: Readonly<Record<ContentType, string>> = {
  youtube: ".txt",
  web: ".md",
  markdown: ".md",
  text: ".txt",
  pdf: ".pdf",
};

/** Any name as a blob key's last segment; it keeps what it can and always has an extension. */
export function safeFileName(name: string, contentType: ContentType): string {
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? EXTENSIONS[contentType];
  const stem = name
    .replace(/\.[A-Za-z0-9]{1,10}$/, "")
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/\.{2,}/g, ".")
    .slice(0, 100)
    .replace(/^[.-]+|[.-]+$/g, "");
  return `${stem || "content"}${extension}`;
}

/** The path of an address' last part, as a file's name. */
function nameOfUrl(url: string): string {
  const last = new URL(url).pathname.split("/").findLast((part) => part !== "") ?? "";
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

export interface Place {
  readonly job: StageJob;
  readonly input: ContentInput;
  readonly resolved: Resolved;
  readonly contentType: ContentType;
}

/** Where a content's own file lives (A2.3 #5), below its owner's prefix. */
export function contentPath({ job, input, resolved, contentType }: Place): string {
  if (contentType === "youtube") return `${job.ownerId}/youtube/${resolved.video_id}/transcript.txt`;
  if (contentType === "web") {
    const hash = job.resourceKey.startsWith("url:") ? job.resourceKey.slice("url:".length) : input.content_id;
    return `${job.ownerId}/web/${hash}/content.md`;
  }
  const name = input.source === "upload" ? input.file_name : nameOfUrl(resolved.source_url ?? "https://content/");
  return `${job.ownerId}/${contentType}/${input.content_id}/${safeFileName(name, contentType)}`;
}

/** Where what was made from a content's file lives: beside it, apart from names that people chose. */
export function derivedPath(filePath: string, name: string): string {
  return `${filePath.slice(0, filePath.lastIndexOf("/"))}/derived/${name}`;
}
