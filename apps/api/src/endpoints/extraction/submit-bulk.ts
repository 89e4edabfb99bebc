import { type BulkSettings, bulkFields, optionsByFormat, type Routes } from "@millrace/contracts";
import type { JsonObject } from "@millrace/core";
import { type BulkInputDraft, bulkInput, type ExtractionInput } from "@millrace/pipelines";
import { CHECKED_BYTES } from "@millrace/providers";
import { actorOf } from "../../auth/principal.ts";
import { checkStorable } from "../../http/check-json-value.ts";
import { type Answer, type Call, type Endpoint, REPLAYED } from "../../http/endpoint.ts";
import { fingerprintOf, isReplay } from "../../http/idempotency.ts";
import { fieldProblem, problemOfZodError, requestProblem } from "../../http/request-problem.ts";
import { type ReceivedForm, receiveForm } from "../../upload/receive-form.ts";
import { callbackMetadata } from "../check-callback-url.ts";
import type { EndpointNeeds } from "../needs.ts";
import { traceparentOf } from "../submit-job.ts";
import { readOptionsText } from "./draft-extraction.ts";
import { type BulkLine, planBulk } from "./plan-bulk.ts";

type BulkCall = Call<Routes["submitBulk"]>;

const MAX_FIELD_BYTES = 64 * 1024;
/** Of a manifest, which is held in memory while its lines are checked: 10,000 lines of 1.6 KiB. */
const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;

interface Batch {
  readonly id: string;
  readonly settings: BulkSettings;
  readonly lines: readonly BulkLine[];
  /** Blobs that were stored for it. */
  readonly stored: readonly string[];
  readonly fingerprint: string | null;
}

/** Many files: every one is looked at before any is accepted (B2.4). */
export function submitBulk(needs: EndpointNeeds): Endpoint<Routes["submitBulk"]> {
  return async (call) => {
    const id = needs.newId();
    const { ownerId } = call.principal;
    const form = call.body === undefined ? await receiveFiles(needs, call, id) : undefined;
    const key = `${ownerId}/bulk/${id}/manifest.jsonl`;
    const stored = form?.files.map(({ blobKey }) => blobKey) ?? [];
    return needs.guard.protect({ key, others: stored, ownerId, jobId: id }, async () => {
      const batch = form === undefined ? batchOfJson(needs, call, id) : batchOfForm(needs, call, id, form);
      return accept(needs, call, batch, key);
    });
  };
}

async function accept(
  needs: EndpointNeeds,
  call: BulkCall,
  { id, settings, lines, fingerprint }: Batch,
  manifestKey: string,
): Promise<{ usesBlob: boolean; answer: Answer<Routes["submitBulk"]> }> {
  const { ownerId } = call.principal;
  const inputs = await planBulk(needs, { lines, settings, ownerId });
  const metadata: JsonObject = await callbackMetadata(needs, ownerId, settings.callback_url);
  const perFile = await callbackMetadata(needs, ownerId, settings.file_callback_url, "file_callback_url");
  await needs.blobs.put(manifestKey, manifestOf(inputs, id));
  const input: BulkInputDraft = {
    manifest_key: manifestKey,
    total_files: inputs.length,
    continue_on_error: settings.continue_on_error,
    file_callback_url: (perFile["callback_url"] as string | undefined) ?? null,
    file_max_retries: settings.max_retries ?? null,
    ...(settings.priority && { file_priority: settings.priority }),
    ...(settings.data_tier && { file_data_tier: settings.data_tier }),
  };
  const answer = await needs.submit({
    jobId: id,
    ownerId,
    pipeline: "extraction_bulk",
    input,
    ...(settings.priority && { priority: settings.priority }),
    metadata,
    submittedBy: actorOf(call.principal),
    idempotencyKey: call.idempotencyKey,
    requestFingerprint: fingerprint,
    traceparent: traceparentOf(call.request.headers["traceparent"]),
  });
  const jobId = answer.jobId ?? id;
  const isRepeated = isReplay(answer, fingerprint);
  const first = isRepeated ? bulkInput.safeParse((await needs.store.findJob(jobId, ownerId))?.input).data : undefined;
  const total_files = first?.total_files ?? inputs.length;
  return {
    usesBlob: answer.kind === "created",
    answer: {
      status: 202,
      body: { id: jobId, bulk_job_id: jobId, job_id: jobId, status: "pending", total_files },
      ...(isRepeated && { headers: REPLAYED }),
    },
  };
}

const manifestOf = (inputs: readonly ExtractionInput[], bulk_id: string): string =>
  inputs.map((input, bulk_index) => `${JSON.stringify({ ...input, bulk_id, bulk_index })}\n`).join("");

function batchOfJson({ limits }: EndpointNeeds, { body, fingerprint }: BulkCall, id: string): Batch {
  if (body === undefined) throw new Error("a batch without a body is a form");
  const { files, ...settings } = body;
  if (files.length > limits.maxBulkCallFiles) throw tooMany("files", limits.maxBulkCallFiles);
  const lines = files.map((file, index) => ({ field: `files[${index}]`, file, isLookedUp: true }));
  return { id, settings, lines, stored: [], fingerprint };
}

async function receiveFiles(needs: EndpointNeeds, call: BulkCall, id: string): Promise<ReceivedForm> {
  const { maxBulkCallFiles, maxExtractionBytes } = needs.limits;
  let names: string | undefined;
  return receiveForm(call.request, {
    blobs: needs.blobs,
    fileParts: ["files", "manifest"],
    planPart(name, before) {
      if (name !== "files" && name !== "manifest") {
        throw fieldProblem(name, "unknown_field", 'is not a known part; files come as "files", or as a "manifest"');
      }
      if (names !== undefined && (names !== name || name === "manifest")) {
        throw fieldProblem(name, "single", 'is either several "files" or one "manifest"');
      }
      names = name;
      if (name === "manifest") return { kind: "text", field: name, maxBytes: MAX_MANIFEST_BYTES };
      if (before >= maxBulkCallFiles) throw tooMany(name, maxBulkCallFiles);
      return {
        kind: "blob",
        field: `files[${before}]`,
        keyPrefix: `${call.principal.ownerId}/extractions/${id}/${before}`,
        maxBytes: maxExtractionBytes,
      };
    },
    maxFiles: maxBulkCallFiles,
    maxBytes: Math.max(MAX_MANIFEST_BYTES, maxBulkCallFiles * maxExtractionBytes),
    maxFieldBytes: MAX_FIELD_BYTES,
    headBytes: CHECKED_BYTES,
  });
}

function batchOfForm(needs: EndpointNeeds, call: BulkCall, id: string, form: ReceivedForm): Batch {
  const { fields } = form;
  checkStorable({ ...fields, files: form.files.map(({ fileName }) => fileName) }, "form");
  const manifest = form.texts.get("manifest");
  const lines = manifest === undefined ? linesOfFiles(form) : linesOfManifest(manifest, needs.limits.maxBulkFiles);
  const content = [fields, form.files.map(({ fileName, sha256 }) => [fileName, sha256]), manifest?.toString("utf8")];
  return {
    id,
    settings: settingsOf(fields),
    lines,
    stored: form.files.map(({ blobKey }) => blobKey),
    fingerprint:
      call.idempotencyKey === null
        ? null
        : fingerprintOf({ method: "POST", path: call.request.path, query: null, content }),
  };
}

function settingsOf(fields: ReceivedForm["fields"]): BulkSettings {
  const parsed = bulkFields.safeParse(fields);
  if (!parsed.success) throw problemOfZodError(parsed.error);
  const { options, auto_detect_format = true, continue_on_error = true, ...rest } = parsed.data;
  const byFormat = optionsByFormat.safeParse(readOptionsText(options));
  if (!byFormat.success) throw problemOfZodError(byFormat.error, "options");
  checkStorable({ options: byFormat.data }, "options");
  return { ...rest, auto_detect_format, continue_on_error, options: byFormat.data };
}

function linesOfFiles({ files }: ReceivedForm): BulkLine[] {
  if (files.length === 0) throw fieldProblem("files", "required", "is required, or a manifest");
  return files.map((uploaded, index) => ({ field: `files[${index}]`, uploaded, isLookedUp: true }));
}

/** A line for each file; empty lines count for nothing. */
function linesOfManifest(manifest: Buffer, maxFiles: number): BulkLine[] {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(manifest);
  } catch {
    throw fieldProblem("manifest", "utf8", "is not valid UTF-8");
  }
  const lines = text
    .split("\n")
    .flatMap((raw, index) =>
      raw.trim() === "" ? [] : [{ field: `manifest line ${index + 1}`, raw, isLookedUp: false }],
    );
  if (lines.length === 0) throw fieldProblem("manifest", "not_empty", "has no line");
  if (lines.length > maxFiles) throw tooMany("manifest", maxFiles);
  return lines;
}

const tooMany = (field: string, max: number) =>
  requestProblem("VALIDATION_FAILED", `${field}: more than ${max} files`, [
    { field, rule: "max_items", message: `holds more than ${max} files` },
  ]);
