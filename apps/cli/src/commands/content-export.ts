import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Body } from "../api-client.ts";
import { type ContentFilter, type ContentSummary, listContents } from "../content/list-contents.ts";
import { type BatchReport, runBatch } from "../content/run-batch.ts";
import { fileNameOf, idEndIn, idEndOf, shownState, summaryFile } from "../content/summary-file.ts";
import { withPatience } from "../content/with-patience.ts";
import type { BatchContext } from "./content-reprocess.ts";

export interface ExportWish extends ContentFilter {
  readonly out: string;
}

/**
 * Writes a markdown file for each content that has a result (A-S22). The folder itself remembers what is done: a file that
 * shows the newest state is not written again, one whose title has changed takes its new name.
 */
export async function exportSummaries(context: BatchContext, wish: ExportWish): Promise<BatchReport> {
  const { api, signal } = context;
  const contents = (await listContents(api, wish)).filter(({ quality_tier }) => quality_tier !== null);
  const existing = await filesByIdEnd(wish.out);
  if (!context.wish.dryRun) await mkdir(wish.out, { recursive: true });

  const act = async (content: ContentSummary): Promise<string> => {
    const name = fileNameOf(content);
    const earlier = existing.get(idEndOf(content.content_id)) ?? [];
    if (earlier.includes(name) && earlier.length === 1) {
      const shown = shownState(await readFile(join(wish.out, name), "utf8"));
      if (shown === content.updated_at) return "unchanged";
    }
    const path = `/api/v1/content/${content.content_id}`;
    const { body } = await withPatience(() => api.get<Body<"readContent">>(path), signal);
    const fresh = fileNameOf(body);
    await writeWhole(join(wish.out, fresh), summaryFile(body));
    for (const old of earlier) if (old !== fresh) await rm(join(wish.out, old), { force: true });
    return "written";
  };
  return runBatch({ ...context, command: "export-summaries", contents, journal: null, act });
}

async function filesByIdEnd(folder: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const files = new Map<string, string[]>();
  for (const name of names) {
    const idEnd = idEndIn(name);
    if (idEnd !== undefined) files.set(idEnd, [...(files.get(idEnd) ?? []), name]);
  }
  return files;
}

/** A kill leaves the old file or the new one, never half of one. */
async function writeWhole(path: string, text: string): Promise<void> {
  const unfinished = `${path}.part`;
  await writeFile(unfinished, text);
  await rename(unfinished, path);
}
