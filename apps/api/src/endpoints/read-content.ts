import type { Routes } from "@millrace/contracts";
import type { Json } from "@millrace/core";
import type { ContentRow, FoundContent } from "@millrace/db";
import { visibleOwner } from "../auth/principal.ts";
import { cutPage, readCursor } from "../http/cursor.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { requestProblem } from "../http/request-problem.ts";
import { markedHtml } from "./marked-html.ts";
import type { EndpointNeeds } from "./needs.ts";

export const noSuchContent = () => requestProblem("NOT_FOUND", "There is no content of that id.");

export function readContent({ contents }: EndpointNeeds): Endpoint<Routes["readContent"]> {
  return async ({ principal, params }) => {
    const content = await contents.findContent(params.id, visibleOwner(principal));
    if (content === undefined) throw noSuchContent();
    return { status: 200, body: detail(content) };
  };
}

export function listContent({ contents }: EndpointNeeds): Endpoint<Routes["listContent"]> {
  return async ({ principal, query }) => {
    const rows = await contents.listContents({
      ownerId: visibleOwner(principal),
      text: query.q,
      tags: query.tags,
      // who asks for a tag means to see it
      excludedTags: query.exclude_tags.filter((tag) => !query.tags.includes(tag)),
      contentType: query.content_type,
      tier: query.tier,
      entityId: query.entity,
      status: query.status,
      limit: query.limit + 1,
      after: readCursor(query.cursor, query.q !== undefined),
    });
    const ranked = rows.map((row) => ({ ...row, rank: row.match?.rank }));
    const { page, next } = cutPage(ranked, query.limit);
    return { status: 200, body: { contents: page.map(found), next_cursor: next } };
  };
}

function found(content: FoundContent) {
  const { match } = content;
  if (match === undefined) return contentSummary(content);
  const marked = { rank: match.rank, title: markedHtml(match.title), snippet: markedHtml(match.snippet) };
  return { ...contentSummary(content), match: marked };
}

export function downloadContent({ contents, blobs }: EndpointNeeds): Endpoint<Routes["downloadContent"]> {
  return async ({ principal, params }) => {
    const content = await contents.findContent(params.id, visibleOwner(principal));
    if (content === undefined) throw noSuchContent();
    if (content.filePath === null) throw requestProblem("NOT_FOUND", "Nothing of this content is stored yet.");
    const head = await blobs.head(content.filePath);
    if (head === undefined) throw requestProblem("BLOB_MISSING", "The stored file of this content is gone.");
    const name = content.fileName ?? content.filePath.slice(content.filePath.lastIndexOf("/") + 1);
    return {
      status: 200,
      body: null,
      stream: await blobs.getStream(content.filePath),
      headers: {
        // whatever an owner uploaded is never shown as a page of this origin
        "content-type": "application/octet-stream",
        "content-disposition": attachment(name),
        "content-length": String(head.bytes),
      },
    };
  };
}

/** RFC 6266: a plain name for old readers, the real one in UTF-8. */
function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\]/g, "_");
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

export function contentSummary(content: ContentRow) {
  return {
    content_id: content.id,
    content_type: content.contentType as "web",
    title: content.title,
    source_url: content.sourceUrl,
    processing_status: content.processingStatus,
    processed_at: content.processedAt?.toISOString() ?? null,
    pipeline_version: content.pipelineVersion,
    tags: [...content.tags],
    quality_tier: content.qualityTier,
    quality_score: content.qualityScore,
    created_at: content.createdAt.toISOString(),
    updated_at: content.updatedAt.toISOString(),
  };
}

type Items = Record<string, Json>[];

function detail(content: ContentRow) {
  const result = (content.unifiedResult ?? {}) as { readonly topics?: Items; readonly additional_entities?: Items };
  return {
    ...contentSummary(content),
    resource_key: content.resourceKey,
    file_path: content.filePath,
    file_name: content.fileName,
    file_size: content.fileSize,
    summary: content.summary,
    pipeline_tags: [...content.pipelineTags],
    topics: result.topics ?? [],
    entities: result.additional_entities ?? [],
    metadata: content.metadata,
  };
}
