import { extractionUploadFields, type Routes } from "@millrace/contracts";
import type { ExtractionInputDraft } from "@millrace/pipelines";
import { CHECKED_BYTES } from "@millrace/providers";
import { checkStorable } from "../../http/check-json-value.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { fingerprintOf } from "../../http/idempotency.ts";
import { problemOfZodError } from "../../http/request-problem.ts";
import { receiveUpload } from "../../upload/receive-upload.ts";
import type { EndpointNeeds } from "../needs.ts";
import { acceptExtraction } from "./accept-extraction.ts";
import {
  checkFileUrl,
  checkUploadedBytes,
  formatOf,
  nameInUrl,
  plainName,
  readInput,
  readOptionsText,
} from "./draft-extraction.ts";

/** Options may name many layers. */
const MAX_FIELD_BYTES = 64 * 1024;

/** A file that lies elsewhere, or that is stored already (B-S02). */
export function submitExtraction(needs: EndpointNeeds): Endpoint<Routes["submitExtraction"]> {
  return async (call) => {
    const { body, query, principal, fingerprint } = call;
    const fileName = body.filename === undefined ? nameInUrl(body.file_url) : plainName(body.filename);
    const draft = {
      filename: fileName,
      file_url: body.file_url,
      format: formatOf(body, fileName),
      options: body.options,
      record_id: body.record_id ?? null,
      field_id: body.field_id ?? null,
      attachment_id: body.attachment_id ?? null,
      cloud_file_id: body.cloud_file_id ?? null,
    } as ExtractionInputDraft;
    // what can be said without asking anybody comes first
    readInput(needs, draft);
    const file_size = await checkFileUrl(needs, { fileUrl: body.file_url, ownerId: principal.ownerId });
    const { answer } = await acceptExtraction(needs, {
      id: needs.newId(),
      call,
      fingerprint,
      draft: { ...draft, file_size },
      isForced: query.force,
      priority: body.priority,
      dataTier: body.data_tier,
      maxRetries: body.max_retries,
      callbackUrl: body.callback_url,
    });
    return answer;
  };
}

/** The file goes to the blob store first; a request that starts nothing takes it away again. */
export function uploadExtraction(needs: EndpointNeeds): Endpoint<Routes["uploadExtraction"]> {
  return async (call) => {
    const id = needs.newId();
    const { ownerId } = call.principal;
    const { file, fields: formFields } = await receiveUpload(call.request, {
      blobs: needs.blobs,
      keyPrefix: `${ownerId}/extractions/${id}`,
      maxBytes: needs.limits.maxExtractionBytes,
      maxFieldBytes: MAX_FIELD_BYTES,
      headBytes: CHECKED_BYTES,
    });
    return needs.guard.protect({ key: file.blobKey, ownerId, jobId: id }, async () => {
      const rawFields = { ...call.rawQuery, ...formFields };
      checkStorable({ ...rawFields, file: file.fileName }, "form");
      const parsed = extractionUploadFields.safeParse(rawFields);
      if (!parsed.success) throw problemOfZodError(parsed.error);
      const fields = parsed.data;
      const fileName = plainName(file.fileName);
      const format = formatOf(fields, fileName);
      checkUploadedBytes(format, file);
      const options = readOptionsText(fields.options);
      checkStorable({ options }, "options");
      return acceptExtraction(needs, {
        id,
        call,
        fingerprint: call.idempotencyKey === null ? null : fingerprintOfUpload(call.request.path, rawFields, file),
        draft: {
          filename: fileName,
          file_url: file.blobKey,
          file_size: file.bytes,
          content_sha256: Buffer.from(file.sha256, "base64url").toString("hex"),
          format,
          options,
          record_id: fields.record_id ?? null,
          field_id: fields.field_id ?? null,
          attachment_id: fields.attachment_id ?? null,
          cloud_file_id: fields.cloud_file_id ?? null,
        } as ExtractionInputDraft,
        isForced: fields.force,
        priority: fields.priority,
        dataTier: fields.data_tier,
        maxRetries: fields.max_retries,
        callbackUrl: fields.callback_url,
      });
    });
  };
}

const fingerprintOfUpload = (
  path: string,
  fields: object,
  { fileName, sha256 }: { readonly fileName: string; readonly sha256: string },
): string => fingerprintOf({ method: "POST", path, query: null, content: [fields, fileName, sha256] });
