import { type ContentFilter, listContents } from "../content/list-contents.ts";
import { openJournal } from "../content/open-journal.ts";
import { type BatchReport, runBatch } from "../content/run-batch.ts";
import { type BatchContext, reprocessOne } from "./content-reprocess.ts";

/** A content in one of these has no result of its newest run. */
const UNCLASSIFIED = ["pending", "failed", "cancelled"] as const;

/** Gives every content a run that has none that ended well (A-S22): what is active already stays as it is. */
export async function classifyContents(context: BatchContext, wish: ContentFilter): Promise<BatchReport> {
  const { api, apiUrl, signal, runsFolder, isRestarted } = context;
  const status = wish.status?.length ? wish.status : UNCLASSIFIED;
  const contents = await listContents(api, { ...wish, status });
  return runBatch({
    ...context,
    command: "classify",
    contents,
    journal: openJournal(runsFolder, ["classify", apiUrl, wish], isRestarted),
    // forced only where a result is there to be done again, which the caller asked for by naming the status
    act: (content) => reprocessOne(api, content.content_id, content.processing_status === "completed", signal),
  });
}
