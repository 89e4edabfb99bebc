import { type Routes, type UploadType, uploadFields } from "@millrace/contracts";
import type { Submission, SubmitAnswer } from "@millrace/engine";
import type { ContentInputDraft } from "@millrace/pipelines";
import type { z } from "zod";
import { actorOf } from "../auth/principal.ts";
import { checkStorable } from "../http/check-json-value.ts";
import { type Call, type Endpoint, REPLAYED } from "../http/endpoint.ts";
import { fingerprintOf, isReplay } from "../http/idempotency.ts";
import { problemOfZodError } from "../http/request-problem.ts";
import type { UploadedFile } from "../upload/receive-form.ts";
import { receiveUpload } from "../upload/receive-upload.ts";
import { uploadType } from "../upload/upload-type.ts";
import { callbackMetadata } from "./check-callback-url.ts";
import type { EndpointNeeds } from "./needs.ts";
import { traceparentOf } from "./submit-job.ts";

type UploadCall = Call<Routes["uploadContent"]>;
type Fields = z.output<typeof uploadFields>;

/** The file goes to the blob store first; a request that is then refused takes it away again. */
export function uploadContent(needs: EndpointNeeds): Endpoint<Routes["uploadContent"]> {
  return async (call) => {
    const contentId = needs.newId();
    const { file, fields: formFields } = await receiveUpload(call.request, {
      blobs: needs.blobs,
      keyPrefix: `${call.principal.ownerId}/uploads/${contentId}`,
      maxBytes: needs.limits.maxUploadBytes,
    });
    return needs.guard.protect({ key: file.blobKey, ownerId: call.principal.ownerId }, async () => {
      const rawFields = { ...call.rawQuery, ...formFields };
      checkStorable({ ...rawFields, file: file.fileName }, "form");
      const fields = readFields(rawFields);
      const type = uploadType({ declared: fields.content_type, ...file });
      const fingerprint =
        call.idempotencyKey === null
          ? null
          : fingerprintOf({
              method: "POST",
              path: call.request.path,
              query: null,
              content: [rawFields, file.fileName, file.sha256],
            });
      const metadata = await callbackMetadata(needs, call.principal.ownerId, fields.callback_url);
      const submission = submissionOf({ call, contentId, file, fields, type, fingerprint });
      const answer = await needs.submit({ ...submission, metadata });
      const isRepeated = isReplay(answer, fingerprint);
      return {
        usesBlob: answer.kind === "created",
        answer: {
          status: 202,
          body: {
            job_id: answer.jobId ?? "",
            content_id: answer.contentId ?? contentId,
            content_type: type,
            status: answer.kind === "active" ? "already_active" : "submitted",
            deduplicated: answer.kind === "active",
            file_path: isRepeated ? await firstFilePath(needs, answer, file) : file.blobKey,
            file_size: file.bytes,
          },
          ...(isRepeated && { headers: REPLAYED }),
        },
      };
    });
  };
}

function readFields(rawFields: Readonly<Record<string, unknown>>): Fields {
  const parsed = uploadFields.safeParse(rawFields);
  if (!parsed.success) throw problemOfZodError(parsed.error);
  return parsed.data;
}

/** Where the first request of this idempotency key put the same bytes. */
async function firstFilePath({ store }: EndpointNeeds, answer: SubmitAnswer, file: UploadedFile): Promise<string> {
  const job = answer.jobId === null ? undefined : await store.findJob(answer.jobId, null);
  const input = job?.input as { readonly blob_key?: string } | undefined;
  return input?.blob_key ?? file.blobKey;
}

interface UploadPlan {
  readonly call: UploadCall;
  readonly contentId: string;
  readonly file: UploadedFile;
  readonly fields: Fields;
  readonly type: UploadType;
  readonly fingerprint: string | null;
}

function submissionOf({ call, contentId, file, fields, type, fingerprint }: UploadPlan): Submission {
  const fileName = file.fileName.slice(-255) || "file";
  const title = fields.title ?? null;
  const input: ContentInputDraft = {
    source: "upload",
    content_id: contentId,
    content_type: type,
    blob_key: file.blobKey,
    file_name: fileName,
    bytes: file.bytes,
    title,
    tags: fields.tags,
  };
  return {
    ownerId: call.principal.ownerId,
    pipeline: "content",
    input,
    ...(fields.priority && { priority: fields.priority }),
    ...(fields.data_tier && { dataTier: fields.data_tier }),
    submittedBy: actorOf(call.principal),
    idempotencyKey: call.idempotencyKey,
    requestFingerprint: fingerprint,
    traceparent: traceparentOf(call.request.headers["traceparent"]),
    content: {
      id: contentId,
      contentType: type,
      title,
      sourceUrl: null,
      filePath: file.blobKey,
      fileName,
      fileSize: file.bytes,
      tags: fields.tags,
      isForced: false,
    },
  };
}
