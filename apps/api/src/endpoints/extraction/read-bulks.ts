import type { Routes } from "@millrace/contracts";
import type { BulkRow } from "@millrace/db";
import { z } from "zod";
import { type Principal, visibleOwner } from "../../auth/principal.ts";
import { cutPage, readCursor } from "../../http/cursor.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { fieldProblem, requestProblem } from "../../http/request-problem.ts";
import type { EndpointNeeds } from "../needs.ts";
import { summaryOf } from "./show-extraction.ts";

/** The batch, where the principal may see it (B-Q23). */
export async function findVisibleBulk(
  { extractions }: Pick<EndpointNeeds, "extractions">,
  id: string,
  principal: Principal,
): Promise<BulkRow> {
  const bulk = await extractions.findBulk(id, visibleOwner(principal));
  if (bulk === undefined) throw requestProblem("NOT_FOUND", "There is no batch of that id.");
  return bulk;
}

export function readBulk(needs: EndpointNeeds): Endpoint<Routes["readBulk"]> {
  return async ({ principal, params, query }) => {
    const bulk = await findVisibleBulk(needs, params.id, principal);
    const rows = await needs.extractions.listBulkFiles({
      bulkId: bulk.id,
      status: query.status,
      limit: query.limit + 1,
      afterIndex: readPlace(query.cursor),
    });
    const page = rows.slice(0, query.limit);
    const last = page.at(-1)?.bulkIndex;
    const files = page.map((row) => ({ ...summaryOf(row), file_path: row.fileUrl }));
    const next_cursor = rows.length > query.limit && last != null ? writePlace(last) : null;
    return { status: 200, body: { ...bulkSummaryOf(bulk), files, next_cursor } };
  };
}

export function listBulks(needs: EndpointNeeds): Endpoint<Routes["listBulks"]> {
  return async ({ principal, query }) => {
    const rows = await needs.extractions.listBulks({
      ownerId: visibleOwner(principal),
      status: query.status,
      limit: query.limit + 1,
      after: readCursor(query.cursor),
    });
    const { page, next } = cutPage(rows, query.limit);
    return { status: 200, body: { bulks: page.map(bulkSummaryOf), next_cursor: next } };
  };
}

const place = z.tuple([z.int().min(0).max(2_147_483_647)]);

const writePlace = (index: number): string => Buffer.from(JSON.stringify([index])).toString("base64url");

/** Where a page of a batch's files ended. */
function readPlace(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed = place.safeParse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
    if (parsed.success) return parsed.data[0];
  } catch {}
  throw fieldProblem("cursor", "cursor", "is not a cursor of this API");
}

function bulkSummaryOf(bulk: BulkRow) {
  return {
    id: bulk.id,
    bulk_job_id: bulk.id,
    job_id: bulk.jobId,
    status: bulk.status,
    overall_status: bulk.status,
    partial: bulk.partial,
    progress: bulk.progress,
    continue_on_error: bulk.continueOnError,
    total_files: bulk.totalFiles,
    files_pending: bulk.filesPending,
    files_processing: bulk.filesProcessing,
    files_completed: bulk.filesCompleted,
    files_failed: bulk.filesFailed,
    files_cancelled: bulk.filesCancelled,
    cancel_requested: bulk.cancelRequestedAt !== null,
    error_code: bulk.errorCode,
    error_message: bulk.errorMessage,
    created_by_id: bulk.createdById,
    user_id: bulk.createdById,
    started_at: bulk.startedAt?.toISOString() ?? null,
    completed_at: bulk.completedAt?.toISOString() ?? null,
    created_at: bulk.createdAt.toISOString(),
    updated_at: bulk.updatedAt.toISOString(),
  };
}
