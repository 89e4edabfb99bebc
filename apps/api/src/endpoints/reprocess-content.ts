import type { Routes } from "@millrace/contracts";
import type { ContentRow } from "@millrace/db";
import { type ContentInputDraft, type ContentType, contentInput } from "@millrace/pipelines";
import { actorOf, visibleOwner } from "../auth/principal.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { requestProblem } from "../http/request-problem.ts";
import type { EndpointNeeds } from "./needs.ts";
import { noSuchContent } from "./read-content.ts";
import { traceparentOf } from "./submit-job.ts";

/** A-S23: one item, on what is stored already, in the owner's name. */
export function reprocessContent({
  contents,
  submit,
  audit,
  log,
}: EndpointNeeds): Endpoint<Routes["reprocessContent"]> {
  return async ({ principal, params, query, request }) => {
    const content = await contents.findContent(params.id, visibleOwner(principal));
    if (content === undefined) throw noSuchContent();
    const answer = await submit({
      ownerId: content.ownerId,
      pipeline: "content",
      input: await inputOf(contents, content, query.force),
      traceparent: traceparentOf(request.headers["traceparent"]),
      content: {
        id: content.id,
        contentType: content.contentType,
        title: content.title,
        sourceUrl: content.sourceUrl,
        filePath: content.filePath,
        fileName: content.fileName,
        fileSize: content.fileSize,
        tags: content.tags,
        isForced: query.force,
      },
    });
    await audit({
      event: "audit.reprocess_trigger",
      actor: actorOf(principal),
      ownerId: content.ownerId,
      jobId: answer.jobId,
      contentId: content.id,
      details: { force: query.force, outcome: answer.kind },
    }).catch((err: unknown) => log.error({ err, content_id: content.id }, "a reprocess was not audited"));
    const about = { content_id: content.id };
    if (answer.kind === "content_completed") {
      return { status: 200, body: { ...about, job_id: null, status: "already_completed" } };
    }
    const job_id = answer.jobId ?? "";
    if (answer.kind === "active") return { status: 200, body: { ...about, job_id, status: "already_active" } };
    return { status: 202, body: { ...about, job_id, status: "submitted" } };
  };
}

/** The input of the content's newest job, which knows what the caller supplied, plus what is stored by now. */
async function inputOf(
  contents: EndpointNeeds["contents"],
  content: ContentRow,
  isForced: boolean,
): Promise<ContentInputDraft> {
  const newest = await contents.latestJobOf(content.id);
  const earlier = contentInput.safeParse(newest?.input);
  const isStored = content.unifiedResult !== null;
  return {
    ...(earlier.success ? earlier.data : inputOfRow(content)),
    content_id: content.id,
    reprocess: {
      force: isForced,
      file_path: isStored ? content.filePath : null,
      content_type: content.contentType as ContentType,
      title: content.title,
      metadata: content.metadata,
    },
  };
}

const UPLOAD_TYPES = ["markdown", "text", "pdf"] as const;

/** For a content whose jobs are purged: its input as far as the row tells. */
function inputOfRow(content: ContentRow): ContentInputDraft {
  const every = { content_id: content.id, title: content.title, tags: [...content.tags] };
  const videoId = /^yt:(.+)$/.exec(content.resourceKey)?.[1];
  if (videoId !== undefined) {
    const url = content.sourceUrl ?? `https://www.youtube.com/watch?v=${videoId}`;
    return { ...every, source: "youtube", video_id: videoId, url };
  }
  if (content.sourceUrl !== null) return { ...every, source: "url", url: content.sourceUrl };
  const type = UPLOAD_TYPES.find((known) => known === content.contentType);
  if (type === undefined || content.filePath === null) {
    throw requestProblem("CONFLICT", "Nothing of this content is stored that could be processed again.");
  }
  return {
    ...every,
    source: "upload",
    content_type: type,
    blob_key: content.filePath,
    file_name: content.fileName ?? "file",
    bytes: content.fileSize ?? 0,
  };
}
