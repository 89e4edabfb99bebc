import { type Clock, type Log, MillraceError } from "@millrace/core";
import type { Notion } from "@millrace/providers";
import type { ActOnIntentNeeds } from "./act-on-intent.ts";
import { type Board, boardsOf, type PlannedChannel } from "./board.ts";
import { isDue, meetPage } from "./meet-page.ts";

/** Notion tells times of edits by the minute. */
const OVERLAP_MS = 120_000;
const PUSH_EVERY_MS = 2_000;
const EVENTS_AT_A_TIME = 100;
/** Notion repeats an event for a day at most. */
const EVENTS_KEPT = { olderThanDays: 30, limit: 10_000 } as const;
const FORGET_EVERY_MS = 3_600_000;
const NEWS_AT_A_TIME = 1_000;
const BOARDS_EVERY_MS = 5_000;
/** After trouble that may pass, and after a no. */
const PAUSE_MS = { passing: 10_000, refused: 60_000 } as const;

/** The type of an event by which an operator asks that all boards be read as a whole, now. */
export const SYNC_ASKED = "millrace.sync";

/** A task whose page does not say what it is. */
export interface TaskWithNews {
  readonly notionPageId: string;
  /** uuid of its channel. */
  readonly channelId: string;
}

export interface SyncBoardsNeeds extends ActOnIntentNeeds {
  readonly boards: {
    listVideoChannels(ownerId: null): Promise<readonly PlannedChannel[]>;
    /** Longest untold first; `since`: of those that changed from then on. `at`: when this was looked up. */
    tasksWithNews(wanted: { readonly since: Date | null; readonly limit: number }): Promise<{
      readonly at: Date;
      readonly tasks: readonly TaskWithNews[];
    }>;
    waitingNotionEvents(
      limit: number,
    ): Promise<readonly { readonly id: number; readonly type: string; readonly pageId: string | null }[]>;
    handledNotionEvent(id: number, error: string | null): Promise<void>;
    forgetNotionEvents(which: { readonly olderThanDays: number; readonly limit: number }): Promise<void>;
  };
  /** With the token of the board's first channel that has one of its own, else the common one; null: there is none. */
  readonly notionOf: (board: Board) => Promise<Notion | null>;
  readonly pullEveryMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SyncRound {
  /** Pages that were written. */
  readonly written: number;
  /** Pages and boards that have to be tried again. */
  readonly failed: number;
}

export interface BoardSync {
  /** Ends soon after the signal aborts. */
  round(signal: AbortSignal): Promise<SyncRound>;
}

/** What is known of a board between two rounds. */
interface BoardMemory {
  board: Board;
  notion: Notion | null;
  pausedUntil: number;
  pullAt: number;
  /** The latest edit that was seen; everything is read the first time. */
  editedAt: string | undefined;
  /** Pages that could not be met, and when they are tried again. */
  readonly again: Map<string, number>;
}

/**
 * Boards and tasks together, a round at a time: pages that Notion told of, tasks that have news, and now and then whole
 * boards. Notion's troubles are logged and tried again, they are never thrown; Postgres' are.
 */
export function createBoardSync(needs: SyncBoardsNeeds): BoardSync {
  const { boards: store, log, clock } = needs;
  const memories = new Map<string, BoardMemory>();
  let newsSince: Date | null = null;
  let boardsReadAt = Number.NEGATIVE_INFINITY;
  let forgottenAt = Number.NEGATIVE_INFINITY;
  let newsLookedAt = Number.NEGATIVE_INFINITY;
  let count = { written: 0, failed: 0 };
  const now = (): number => clock.now().getTime();

  async function readBoards(): Promise<void> {
    if (now() - boardsReadAt < BOARDS_EVERY_MS) return;
    const boards = boardsOf(await store.listVideoChannels(null));
    for (const databaseId of [...memories.keys()]) {
      if (!boards.some((board) => board.databaseId === databaseId)) memories.delete(databaseId);
    }
    for (const board of boards) {
      const known = memories.get(board.databaseId);
      const notion = await needs.notionOf(board);
      if (notion === null && known?.notion !== null)
        log.warn({ database: board.databaseId }, "notion: no token for a board");
      if (known !== undefined) Object.assign(known, { board, notion });
      else {
        const fresh = { pausedUntil: 0, pullAt: 0, editedAt: undefined, again: new Map<string, number>() };
        memories.set(board.databaseId, { board, notion, ...fresh });
      }
    }
    boardsReadAt = now();
  }

  const usable = (memory: BoardMemory | undefined): memory is BoardMemory & { notion: Notion } =>
    memory !== undefined && memory.notion !== null && now() >= memory.pausedUntil;

  /** Whether the board may be worked on further in this round. */
  function fail(memory: BoardMemory, error: unknown, pageId: string | null): boolean {
    if (!(error instanceof MillraceError) || !error.code.startsWith("MEDIA_")) throw error;
    count.failed += 1;
    const isRefused = error.code === "MEDIA_REFUSED";
    const pauseMs = Math.max(error.retryAfterMs ?? 0, isRefused ? PAUSE_MS.refused : PAUSE_MS.passing);
    if (pageId !== null) memory.again.set(pageId, now() + pauseMs);
    const isOfPage = isRefused && pageId !== null;
    if (!isOfPage) memory.pausedUntil = now() + pauseMs;
    const about = { database: memory.board.databaseId, ...(pageId !== null && { page: pageId }) };
    log.warn({ ...about, code: error.code, error: error.message, again_in_ms: pauseMs }, "notion: not in step");
    return isOfPage;
  }

  async function meet(memory: BoardMemory & { notion: Notion }, pageId: string): Promise<boolean> {
    try {
      const { board, notion } = memory;
      if (await meetPage({ ...needs, board, notion }, pageId)) count.written += 1;
      memory.again.delete(pageId);
      return true;
    } catch (error) {
      return fail(memory, error, pageId);
    }
  }

  /** Resolves with the events that ask for everything. */
  async function takeEvents(signal: AbortSignal): Promise<readonly number[]> {
    const events = await store.waitingNotionEvents(EVENTS_AT_A_TIME);
    const met = new Map<string, boolean>();
    const asked: number[] = [];
    for (const { id, type, pageId } of events) {
      if (signal.aborted) return [];
      if (type === SYNC_ASKED) {
        asked.push(id);
        continue;
      }
      if (pageId !== null && !met.has(pageId)) met.set(pageId, await takePage(pageId));
      if (pageId === null || met.get(pageId)) await store.handledNotionEvent(id, null);
    }
    return asked;
  }

  /** From now on nothing is known of any board: it is read as a whole, whatever went wrong before. */
  function forget(): void {
    for (const memory of memories.values()) {
      Object.assign(memory, { pausedUntil: 0, pullAt: 0, editedAt: undefined });
      for (const pageId of memory.again.keys()) memory.again.set(pageId, 0);
    }
  }

  /** Whether nothing is left to do about it; what failed as a page is tried again without the event. */
  async function takePage(pageId: string): Promise<boolean> {
    const task = await needs.tasks.findTaskOfPage(pageId, null);
    const all = [...memories.values()];
    if (task !== undefined) {
      const memory = all.find(({ board }) => board.channels.some(({ id }) => id === task.channelId));
      return memory === undefined || (usable(memory) && (await meet(memory, pageId)));
    }
    for (const memory of all) {
      if (!usable(memory)) continue;
      try {
        const { databaseId } = await memory.notion.page(pageId);
        const its = memories.get(databaseId ?? "");
        return its === undefined || (usable(its) && (await meet(its, pageId)));
      } catch (error) {
        // this token may not see it; another one may
        if (error instanceof MillraceError && error.code === "MEDIA_REFUSED") continue;
        return fail(memory, error, null);
      }
    }
    // a page that nobody here can read is found when its board is read
    return all.every(usable);
  }

  async function pushNews(signal: AbortSignal): Promise<void> {
    newsLookedAt = now();
    const { at, tasks } = await store.tasksWithNews({ since: newsSince, limit: NEWS_AT_A_TIME });
    // what is left over must be found again
    if (tasks.length < NEWS_AT_A_TIME) newsSince = new Date(at.getTime() - OVERLAP_MS);
    for (const { notionPageId, channelId } of tasks) {
      const memory = [...memories.values()].find(({ board }) => board.channels.some(({ id }) => id === channelId));
      if (signal.aborted || memory === undefined || memory.again.has(notionPageId)) continue;
      if (usable(memory)) await meet(memory, notionPageId);
      else memory.again.set(notionPageId, memory.pausedUntil);
    }
  }

  async function tryAgain(signal: AbortSignal): Promise<void> {
    for (const memory of memories.values()) {
      for (const [pageId, at] of [...memory.again]) {
        if (!signal.aborted && at <= now() && usable(memory)) await meet(memory, pageId);
      }
    }
  }

  async function pull(memory: BoardMemory & { notion: Notion }, signal: AbortSignal): Promise<void> {
    const { board, notion, editedAt } = memory;
    memory.pullAt = now() + needs.pullEveryMs;
    let latest = editedAt;
    try {
      const since =
        editedAt === undefined ? {} : { editedSince: new Date(Date.parse(editedAt) - OVERLAP_MS).toISOString() };
      for await (const page of notion.pagesOf(board.databaseId, since)) {
        if (signal.aborted) return;
        if (latest === undefined || page.lastEditedAt > latest) latest = page.lastEditedAt;
        if (memory.again.has(page.id) || !(await isDue({ ...needs, board }, page))) continue;
        if (!(await meet(memory, page.id))) return;
        if (now() - newsLookedAt >= PUSH_EVERY_MS) await pushNews(signal);
      }
    } catch (error) {
      fail(memory, error, null);
      return;
    }
    memory.editedAt = latest;
  }

  return {
    async round(signal) {
      count = { written: 0, failed: 0 };
      await readBoards();
      const asked = await takeEvents(signal);
      if (asked.length > 0) forget();
      await tryAgain(signal);
      await pushNews(signal);
      for (const memory of memories.values()) {
        if (!signal.aborted && usable(memory) && now() >= memory.pullAt) await pull(memory, signal);
      }
      if (now() - forgottenAt >= FORGET_EVERY_MS) {
        await store.forgetNotionEvents(EVENTS_KEPT);
        forgottenAt = now();
      }
      if (!signal.aborted) for (const id of asked) await store.handledNotionEvent(id, problemOf(count, memories));
      return count;
    },
  };
}

function problemOf({ failed }: SyncRound, memories: ReadonlyMap<string, BoardMemory>): string | null {
  const tokenless = [...memories.values()].filter(({ notion }) => notion === null).length;
  const problems = [
    ...(failed > 0 ? [`${failed} pages or boards failed, see the worker's log`] : []),
    ...(tokenless > 0 ? [`${tokenless} boards have no token`] : []),
  ];
  return problems.length === 0 ? null : problems.join("; ");
}
