import { Readable } from "node:stream";
import type { Routes } from "@millrace/contracts";
import type { MillraceError } from "@millrace/core";
import type { ExtractionRow } from "@millrace/db";
import { actorOf, type Principal, visibleOwner } from "../../auth/principal.ts";
import { cutPage, readCursor } from "../../http/cursor.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { fieldProblem, requestProblem } from "../../http/request-problem.ts";
import type { EndpointNeeds } from "../needs.ts";
import { saidFormat } from "./draft-extraction.ts";
import { detailOf, summaryOf } from "./show-extraction.ts";

export const noSuchExtraction = (): MillraceError => requestProblem("NOT_FOUND", "There is no extraction of that id.");

/** The extraction, where the principal may see it (B-Q23). */
export async function findVisible(
  { extractions }: Pick<EndpointNeeds, "extractions">,
  id: string,
  principal: Principal,
): Promise<ExtractionRow> {
  const row = await extractions.findExtraction(id, visibleOwner(principal));
  if (row === undefined) throw noSuchExtraction();
  return row;
}

export function readExtraction(needs: EndpointNeeds): Endpoint<Routes["readExtraction"]> {
  return async ({ principal, params }) => shown(needs, principal, await findVisible(needs, params.id, principal));
}

/** Of several the newest (B-Q16). */
export function findExtractionByFile(needs: EndpointNeeds): Endpoint<Routes["findExtractionByFile"]> {
  return async ({ principal, query }) => {
    const row = await needs.extractions.newestByFileUrl(query.file_url, visibleOwner(principal));
    if (row === undefined) throw requestProblem("NOT_FOUND", "There is no extraction of that file.");
    return shown(needs, principal, row);
  };
}

export function findExtractionByAttachment(needs: EndpointNeeds): Endpoint<Routes["findExtractionByAttachment"]> {
  return async ({ principal, query }) => {
    const { record_id, attachment_id } = query;
    const row = await needs.extractions.newestByAttachment(record_id, attachment_id, visibleOwner(principal));
    if (row === undefined) throw requestProblem("NOT_FOUND", "There is no extraction of that attachment.");
    return shown(needs, principal, row);
  };
}

async function shown({ extractions, audit }: EndpointNeeds, principal: Principal, row: ExtractionRow) {
  const attempts = await extractions.listAttempts(row.id);
  // only jobs of the full data tier have one, and who reads what they keep is noted
  if (row.errorStackTrace !== null) {
    await audit({
      event: "audit.full_tier_access",
      actor: actorOf(principal),
      ownerId: row.createdById,
      jobId: row.jobId,
      details: { extraction_id: row.id },
    });
  }
  return { status: 200 as const, body: detailOf(row, attempts) };
}

export function listExtractions(needs: EndpointNeeds): Endpoint<Routes["listExtractions"]> {
  return async ({ principal, query, rawQuery }) => {
    const ownerId = visibleOwner(principal);
    if (query.retryable) {
      const other = Object.keys(rawQuery).find((name) => name !== "retryable" && name !== "limit");
      if (other !== undefined) throw fieldProblem(other, "alone", "does not go with retryable");
      const rows = await needs.extractions.listRetryable({ ownerId, limit: query.limit });
      return { status: 200, body: { jobs: rows.map(summaryOf), next_cursor: null } };
    }
    const rows = await needs.extractions.listExtractions({
      ownerId,
      createdById: query.created_by,
      status: query.status,
      format: saidFormat(query),
      fileUrl: query.file_url,
      recordId: query.record_id,
      attachmentId: query.attachment_id,
      cloudFileId: query.cloud_file_id,
      bulkId: query.bulk_id,
      limit: query.limit + 1,
      after: readCursor(query.cursor),
    });
    const { page, next } = cutPage(rows, query.limit);
    return { status: 200, body: { jobs: page.map(summaryOf), next_cursor: next } };
  };
}

interface StoredResult {
  readonly result_ref?: unknown;
  readonly is_inline?: unknown;
}

/** The whole of it as it was stored; a small one is in the row too, and outlives its blob. */
export function readExtractionResult(needs: EndpointNeeds): Endpoint<Routes["readExtractionResult"]> {
  const { blobs } = needs;
  return async ({ principal, params }) => {
    const row = await findVisible(needs, params.id, principal);
    if (row.result === null) throw requestProblem("NOT_FOUND", `There is no result: the extraction is ${row.status}.`);
    const { result_ref, is_inline } = row.result as StoredResult;
    const head = typeof result_ref === "string" ? await blobs.head(result_ref) : undefined;
    const headers = { "content-type": "application/json" };
    if (head !== undefined) {
      const stream = await blobs.getStream(head.key);
      return { status: 200, body: null, stream, headers: { ...headers, "content-length": String(head.bytes) } };
    }
    if (is_inline !== true) throw requestProblem("BLOB_MISSING", "The stored result of this extraction is gone.");
    return { status: 200, body: null, stream: Readable.from([JSON.stringify(row.result)]), headers };
  };
}
