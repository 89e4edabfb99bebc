import type { IngestRequest, Routes } from "@millrace/contracts";
import { type JsonObject, MillraceError, parseHttpUrl, youtubeVideoId } from "@millrace/core";
import type { Submission } from "@millrace/engine";
import type { ContentInputDraft } from "@millrace/pipelines";
import { actorOf } from "../auth/principal.ts";
import { type Answer, type Call, type Endpoint, REPLAYED } from "../http/endpoint.ts";
import { isReplay } from "../http/idempotency.ts";
import { fieldProblem, requestProblem } from "../http/request-problem.ts";
import { callbackMetadata } from "./check-callback-url.ts";
import type { EndpointNeeds } from "./needs.ts";
import { traceparentOf } from "./submit-job.ts";

type IngestRoute = Routes["ingestUrl"];
/** What both doors have in common. */
type IngestCall = Pick<
  Call<IngestRoute>,
  "principal" | "body" | "query" | "idempotencyKey" | "fingerprint" | "request"
>;
type Source = { readonly contentType: "youtube"; readonly videoId: string } | { readonly contentType: "web" };

/** Any address; one of a YouTube video goes the way of a video (A-Q07). */
export function ingestUrl(needs: EndpointNeeds): Endpoint<Routes["ingestUrl"]> {
  return async (call) => {
    const videoId = videoIdOf(call.body.url);
    return ingest(needs, call, videoId === undefined ? { contentType: "web" } : { contentType: "youtube", videoId });
  };
}

export function ingestYoutube(needs: EndpointNeeds): Endpoint<Routes["ingestYoutube"]> {
  return async (call) => {
    const videoId = videoIdOf(call.body.url);
    if (videoId === undefined) throw fieldProblem("url", "youtube", "is not the address of a YouTube video");
    return ingest(needs, call, { contentType: "youtube", videoId });
  };
}

/** The address is checked here, not fetched: whether it leads anywhere is the job's business. */
function videoIdOf(url: string): string | undefined {
  try {
    parseHttpUrl(url);
  } catch (error) {
    const rule = error instanceof MillraceError ? String(error.details["rule"] ?? "url") : "url";
    throw fieldProblem("url", rule, error instanceof Error ? error.message : "is not an address");
  }
  return youtubeVideoId(url);
}

async function ingest(needs: EndpointNeeds, call: IngestCall, source: Source): Promise<Answer<IngestRoute>> {
  const { principal, body, query, fingerprint } = call;
  const contentId = needs.newId();
  const tags = [...new Set([...query.tags, ...body.tags])];
  const transcript = transcriptOf(body, source, needs.limits.maxTranscriptBytes);
  const blobKey = transcript === undefined ? null : `${principal.ownerId}/uploads/${contentId}/transcript.txt`;
  const callback = await callbackMetadata(needs, principal.ownerId, body.callback_url);
  if (transcript !== undefined && blobKey !== null) await needs.blobs.put(blobKey, transcript);

  return needs.guard.protect<Answer<IngestRoute>>(
    blobKey === null ? null : { key: blobKey, ownerId: principal.ownerId },
    async () => {
      const answer = await needs.submit(submissionOf({ call, source, contentId, tags, blobKey, callback }));
      const about = { content_type: source.contentType, title: body.title ?? null };
      if (answer.kind === "content_completed") {
        const content_id = answer.contentId ?? contentId;
        return { usesBlob: false, answer: await completedAnswer(needs, principal.ownerId, content_id) };
      }
      const isRepeated = isReplay(answer, fingerprint);
      const isDuplicate = answer.kind === "active";
      return {
        usesBlob: answer.kind === "created",
        answer: {
          status: 202,
          body: {
            job_id: answer.jobId ?? "",
            content_id: answer.contentId ?? contentId,
            ...about,
            status: isDuplicate ? "already_active" : "submitted",
            deduplicated: isDuplicate,
          },
          ...(isRepeated && { headers: REPLAYED }),
        },
      };
    },
  );
}

/** The content as it is: what it turned out to be, and its own title. */
async function completedAnswer(
  { contents }: EndpointNeeds,
  ownerId: string,
  content_id: string,
): Promise<Answer<IngestRoute>> {
  const content = await contents.findContent(content_id, ownerId);
  if (content === undefined) throw new Error(`the completed content ${content_id} is gone`);
  const about = { content_type: content.contentType as "web", title: content.title };
  return {
    status: 200,
    body: { job_id: null, content_id, ...about, status: "already_completed", deduplicated: true },
  };
}

function transcriptOf(body: IngestRequest, source: Source, maxBytes: number): string | undefined {
  const text = body.transcript_text;
  if (text === undefined) return undefined;
  if (source.contentType !== "youtube") {
    throw fieldProblem("transcript_text", "youtube_only", "goes with the address of a YouTube video only");
  }
  if (Buffer.byteLength(text) > maxBytes) {
    throw requestProblem("PAYLOAD_TOO_LARGE", `transcript_text is larger than ${maxBytes} bytes.`, [
      { field: "transcript_text", rule: "max_bytes", message: `is larger than ${maxBytes} bytes` },
    ]);
  }
  return text;
}

interface IngestPlan {
  readonly call: IngestCall;
  readonly source: Source;
  readonly contentId: string;
  readonly tags: readonly string[];
  readonly blobKey: string | null;
  readonly callback: JsonObject;
}

function submissionOf({ call, source, contentId, tags, blobKey, callback }: IngestPlan): Submission {
  const { principal, body, query, idempotencyKey, fingerprint, request } = call;
  const every = { content_id: contentId, title: body.title ?? null, tags: [...tags], url: body.url };
  const input: ContentInputDraft =
    source.contentType === "web"
      ? { ...every, source: "url" }
      : {
          ...every,
          source: "youtube",
          video_id: source.videoId,
          transcript_blob_key: blobKey,
          transcript_format: body.transcript_format,
          ...(body.language && { language: body.language }),
          metadata: body.metadata ? videoMetadataOf(body.metadata) : null,
        };
  return {
    ownerId: principal.ownerId,
    pipeline: "content",
    input,
    ...(body.priority && { priority: body.priority }),
    ...(body.data_tier && { dataTier: body.data_tier }),
    submittedBy: actorOf(principal),
    idempotencyKey,
    requestFingerprint: fingerprint,
    metadata: { ...(body.metadata && { source_metadata: body.metadata as JsonObject }), ...callback },
    traceparent: traceparentOf(request.headers["traceparent"]),
    content: {
      id: contentId,
      contentType: source.contentType,
      title: body.title ?? null,
      sourceUrl: body.url,
      filePath: null,
      fileName: null,
      fileSize: null,
      tags,
      isForced: query.force,
    },
  };
}

type VideoMetadata = NonNullable<Extract<ContentInputDraft, { source: "youtube" }>["metadata"]>;

function videoMetadataOf(given: NonNullable<IngestRequest["metadata"]>): VideoMetadata {
  const {
    title,
    description,
    channel_id,
    channel_title,
    published_at,
    duration_seconds,
    view_count,
    tags,
    thumbnail_url,
  } = given;
  return {
    title: title ?? null,
    description: description ?? null,
    channel_id: channel_id ?? null,
    channel_title: channel_title ?? null,
    published_at: published_at ?? null,
    duration_seconds: duration_seconds ?? null,
    view_count: view_count ?? null,
    tags: tags ?? [],
    thumbnail_url: thumbnail_url ?? null,
  };
}
