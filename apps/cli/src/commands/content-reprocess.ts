import type { ApiClient, Body } from "../api-client.ts";
import { type ContentFilter, type ContentSummary, listContents } from "../content/list-contents.ts";
import { openJournal } from "../content/open-journal.ts";
import { type Batch, type BatchReport, runBatch } from "../content/run-batch.ts";
import { withPatience } from "../content/with-patience.ts";

/** What every command on many contents needs. */
export interface BatchContext extends Pick<Batch, "wish" | "terminal" | "screen" | "signal"> {
  readonly api: ApiClient;
  readonly apiUrl: string;
  /** Where unfinished runs are remembered. */
  readonly runsFolder: string;
  readonly isRestarted: boolean;
}

export interface ReprocessWish extends ContentFilter {
  readonly ids: readonly string[];
  readonly all: boolean;
  readonly force: boolean;
  /** Only contents last processed by another version than this one. */
  readonly notVersion?: string;
}

/** Runs contents again (A-S22, A-S23): those named, or those a filter finds. Without `force` a finished one is left alone. */
export async function reprocessContents(context: BatchContext, wish: ReprocessWish): Promise<BatchReport> {
  const { api, apiUrl, signal, runsFolder, isRestarted } = context;
  const isFiltered = [wish.status?.length, wish.tag?.length, wish.type, wish.tier, wish.notVersion].some(Boolean);
  if (wish.ids.length === 0 && !isFiltered && !wish.all) {
    throw new Error(
      "Which contents? Name ids, filter by --status, --type, --tier, --tag or --not-version, or say --all.",
    );
  }
  if (wish.ids.length > 0 && (isFiltered || wish.all)) throw new Error("Either ids or a filter, not both.");
  const contents = wish.ids.length > 0 ? await named(api, wish.ids, signal) : await found(api, wish);
  return runBatch({
    ...context,
    command: "reprocess",
    contents,
    journal: openJournal(runsFolder, ["reprocess", apiUrl, wish], isRestarted),
    act: ({ content_id }) => reprocessOne(api, content_id, wish.force, signal),
  });
}

async function found(api: ApiClient, wish: ReprocessWish): Promise<readonly ContentSummary[]> {
  const contents = await listContents(api, wish);
  return wish.notVersion === undefined
    ? contents
    : contents.filter(({ pipeline_version }) => pipeline_version !== wish.notVersion);
}

async function named(api: ApiClient, ids: readonly string[], signal: AbortSignal): Promise<readonly ContentSummary[]> {
  const contents: ContentSummary[] = [];
  for (const id of new Set(ids)) {
    const path = `/api/v1/content/${encodeURIComponent(id)}`;
    const { body } = await withPatience(() => api.get<Body<"readContent">>(path), signal);
    contents.push(body);
  }
  return contents;
}

/** `submitted`, `already_active` or `already_completed`. Asked again after a lost answer it finds its own job active. */
export async function reprocessOne(api: ApiClient, id: string, force: boolean, signal: AbortSignal): Promise<string> {
  const path = `/api/v1/content/${encodeURIComponent(id)}/reprocess?force=${force}`;
  const { body } = await withPatience(() => api.post<Body<"reprocessContent">>(path), signal);
  return body.status;
}
