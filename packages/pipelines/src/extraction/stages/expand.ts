import { done, MillraceError } from "@millrace/core";
import type { BulkInput } from "../bulk-input.ts";
import type { BulkStage } from "../extraction-stage.ts";
import { heedCancel } from "../heed-cancel.ts";
import { type ExtractionInput, extractionInput } from "../input.ts";
import type { Batches, BatchFile, StageNeeds } from "../needs.ts";

/** Files handed in between two looks at whether the batch is still wanted. */
const PAGE = 200;
const MAX_MANIFEST_BYTES = 128 * 1024 * 1024;

interface Line {
  readonly index: number;
  readonly input: ExtractionInput;
}

/** The files of a batch, page by page. A manifest was checked when it was accepted: one that is wrong now is final. */
function* pagesOf(manifest: Uint8Array, bulkId: string): Generator<Line[]> {
  let page: Line[] = [];
  let index = 0;
  for (const text of linesOf(manifest)) {
    page.push({ index, input: inputOf(text, bulkId, index) });
    index += 1;
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

function* linesOf(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder();
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(10, start);
    const end = found === -1 ? bytes.length : found;
    const text = decoder.decode(bytes.subarray(start, end)).trim();
    if (text !== "") yield text;
    start = end + 1;
  }
}

function inputOf(text: string, bulkId: string, index: number): ExtractionInput {
  try {
    return extractionInput.parse({ ...JSON.parse(text), bulk_id: bulkId, bulk_index: index });
  } catch (cause) {
    throw new MillraceError("BATCH_FAILED", `line ${index + 1} of the batch's manifest cannot be used`, { cause });
  }
}

/**
 * What a retry runs: the files that failed, under the extraction they had. Where the first failure was to end the batch,
 * also those that it kept from being extracted.
 */
async function toRetry(batches: Batches, input: BulkInput, bulkId: string, page: readonly Line[]) {
  const first = page[0]?.index ?? 0;
  const files = await batches.listFiles({ bulkId, from: first, limit: page.length });
  const known = new Map(files.map((file) => [file.index, file]));
  const isMeant = (file: BatchFile | undefined): boolean =>
    file?.status === "failed" || (!input.continue_on_error && (file === undefined || file.status === "cancelled"));
  return page
    .filter(({ index }) => isMeant(known.get(index)))
    .map(({ index, input: line }) => ({ index, input: { ...line, extraction_id: known.get(index)?.id ?? null } }));
}

/**
 * Hands in the files of a batch. Saying so twice is saying it once, so a run that was broken off simply starts over. Ends
 * early when the batch is cancelled, or when a file failed that was to be the last.
 */
export function expand(needs: StageNeeds): BulkStage<"expand"> {
  const { blobs, batches } = needs;
  return async (context) => {
    const { job, input, signal, progress } = context;
    const bulkId = input.bulk_id ?? job.id;
    const manifest = await blobs.get(input.manifest_key, { maxBytes: MAX_MANIFEST_BYTES });
    let seen = 0;
    let submitted = 0;
    for (const page of pagesOf(manifest, bulkId)) {
      signal.throwIfAborted();
      await heedCancel(batches, job.id, bulkId);
      if (!input.retry_of_failed && !input.continue_on_error && (await batches.countBulk(bulkId)).failed > 0) {
        return done({ submitted, stopped: "file_failed" as const });
      }
      const files = input.retry_of_failed ? await toRetry(batches, input, bulkId, page) : page;
      await batches.submitFiles({
        runId: job.id,
        ownerId: job.ownerId,
        files,
        priority: input.file_priority,
        dataTier: input.file_data_tier,
        maxRetries: input.file_max_retries,
        callbackUrl: input.file_callback_url,
      });
      submitted += files.length;
      seen += page.length;
      progress(seen / input.total_files);
    }
    return done({ submitted, stopped: null });
  };
}
