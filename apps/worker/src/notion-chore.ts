import type { Chore } from "@millrace/engine";
import type { BoardSync } from "@millrace/pipelines";

const TWO_SECONDS_MS = 2_000;

/** Boards in Notion and tasks, kept in step. `open` is called once for each process that stops by its own signal. */
export function notionChore(open: (signal: AbortSignal) => BoardSync): Chore {
  let sync: { readonly of: AbortSignal; readonly boards: BoardSync } | undefined;
  return {
    name: "notion",
    everyMs: TWO_SECONDS_MS,
    async run(signal) {
      if (sync?.of !== signal) sync = { of: signal, boards: open(signal) };
      try {
        await sync.boards.round(signal);
      } catch (error) {
        // what was under way ends with the process
        if (!signal.aborted) throw error;
      }
    },
  };
}
