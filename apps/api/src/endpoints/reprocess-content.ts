import { CONTENT_TYPES, type Routes } from "@millrace/contracts";
import type { StageRow } from "@millrace/core";
import type { ContentRow } from "@millrace/db";
import { type ContentInputDraft, type ContentType, contentInput } from "@millrace/pipelines";
import { z } from "zod";
import { actorOf, visibleOwner } from "../auth/principal.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { requestProblem } from "../http/request-problem.ts";
import type { EndpointNeeds } from "./needs.ts";
import { noSuchContent } from "./read-content.ts";
import { traceparentOf } from "./submit-job.ts";

/** A-S23: one item, on what is stored already, in the owner's name. */
export function reprocessContent(needs: EndpointNeeds): Endpoint<Routes["reprocessContent"]> {
  const { contents, submit, audit, log } = needs;
  return async ({ principal, params, query, request }) => {
    const content = await contents.findContent(params.id, visibleOwner(principal));
    if (content === undefined) throw noSuchContent();
    const answer = await submit({
      ownerId: content.ownerId,
      pipeline: "content",
      input: await inputOf(needs, content, query.force),
      ...(query.data_tier && { dataTier: query.data_tier }),
      submittedBy: actorOf(principal),
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
  { contents, store }: Pick<EndpointNeeds, "contents" | "store">,
  content: ContentRow,
  isForced: boolean,
): Promise<ContentInputDraft> {
  const newest = await contents.latestJobOf(content.id);
  const earlier = contentInput.safeParse(newest?.input);
  const stored =
    content.unifiedResult === null && newest !== undefined
      ? storedBy(await store.listStages(newest.id))
      : { file_path: content.filePath, content_type: content.contentType as ContentType };
  return {
    ...(earlier.success ? earlier.data : inputOfRow(content)),
    content_id: content.id,
    reprocess: { force: isForced, title: content.title, metadata: content.metadata, ...stored },
  };
}

type Stored = Partial<NonNullable<ContentInputDraft["reprocess"]>>;

const storedOutputs = z.object({
  fetch: z.object({ content_type: z.enum(CONTENT_TYPES) }),
  convert: z.object({ title: z.string().min(1).max(500), metadata: z.record(z.string(), z.json()) }),
  store: z.object({ file_path: z.string().min(1) }),
});

/** What a run that never completed had stored and found out before it ended. */
function storedBy(stages: readonly StageRow[]): Stored {
  const outputs = storedOutputs.safeParse(Object.fromEntries(stages.map(({ stage, output }) => [stage, output])));
  if (!outputs.success) return { file_path: null };
  const { fetch, convert, store } = outputs.data;
  return { file_path: store.file_path, content_type: fetch.content_type, ...convert };
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
