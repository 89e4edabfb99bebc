import { MillraceError } from "@millrace/core";
import type { ContentContext } from "./content-stage.ts";
import { formatOfAnswer } from "./format-of-answer.ts";
import type { StageNeeds } from "./needs.ts";
import type { Fetched } from "./outputs.ts";
import { workKey } from "./work-blobs.ts";

const ACCEPT = "text/html, application/xhtml+xml, text/markdown, application/pdf, text/plain;q=0.9, */*;q=0.5";

/** Statuses that may be gone on the next try; every other refusal stays one. */
const PASSING = new Set([408, 425, 429]);

function refuseStatus(status: number, url: string): void {
  if (status >= 200 && status < 300) return;
  const retry = status >= 500 || PASSING.has(status) ? "backoff" : "never";
  throw new MillraceError("URL_HTTP_ERROR", `${url.slice(0, 300)} answered ${status}`, { retry, details: { status } });
}

/** Gets a page's bytes and says how to read them. */
export async function fetchPage(
  { blobs, fetch, limits }: StageNeeds,
  { job, outputs, signal }: ContentContext,
): Promise<Fetched> {
  const { source_url: url } = outputs.resolve;
  if (url === null) throw new MillraceError("VALIDATION_FAILED", "there is no address to fetch");
  const answer = await fetch(url, {
    headers: { accept: ACCEPT },
    signal,
    maxBytes: limits.maxSourceBytes,
    timeoutMs: limits.fetchTimeoutMs,
  });
  refuseStatus(answer.status, answer.url);
  if (answer.body.length === 0) throw new MillraceError("CONTENT_EMPTY", "the address answered with nothing");
  const { format, contentType, charset } = formatOfAnswer(answer.headers["content-type"], answer.body, answer.url);
  const raw = await blobs.put(workKey(job.id, "source"), answer.body);
  return { content_type: contentType, format, raw, charset, source_url: answer.url, title: null, metadata: {} };
}
