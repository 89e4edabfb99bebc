import type { Terminal } from "../terminal.ts";
import type { ContentSummary } from "./list-contents.ts";
import type { Journal } from "./open-journal.ts";
import { type BarScreen, createProgressBar } from "./progress-bar.ts";

/** How the operator's commands on contents are told to run. */
export interface BatchWish {
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly concurrency: number;
}

export interface Failure {
  readonly content_id: string;
  readonly message: string;
}

export interface BatchReport {
  readonly command: string;
  readonly dry_run: boolean;
  readonly total: number;
  /** Done by an earlier run of the same command that did not get to its end. */
  readonly done_before: number;
  /** How many ended how; empty for a dry run. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
  readonly interrupted: boolean;
}

export interface Batch {
  readonly command: string;
  readonly contents: readonly ContentSummary[];
  readonly journal: Journal | null;
  readonly wish: BatchWish;
  readonly terminal: Terminal;
  readonly screen: BarScreen;
  /** Aborted by Ctrl-C: what is under way ends, nothing new begins. */
  readonly signal: AbortSignal;
  /** Does the work on one content; its outcome in a word. */
  readonly act: (content: ContentSummary) => Promise<string>;
}

/** Does a thing to many contents, a few at a time. One that fails is reported and does not stop the others. */
export async function runBatch(batch: Batch): Promise<BatchReport> {
  const { command, journal, wish, terminal, signal } = batch;
  const open = batch.contents.filter(({ content_id }) => journal?.done.has(content_id) !== true);
  const before = batch.contents.length - open.length;
  const report = (rest: Pick<BatchReport, "outcomes" | "failures">): BatchReport => ({
    command,
    dry_run: wish.dryRun,
    total: batch.contents.length,
    done_before: before,
    ...rest,
    interrupted: signal.aborted,
  });
  if (wish.dryRun) {
    if (!wish.json) for (const { content_id, title } of open) terminal.say(`${content_id}  ${title ?? ""}`);
    return report({ outcomes: {}, failures: [] });
  }
  if (before > 0 && !wish.json) {
    terminal.say(
      `Going on with the run of ${journal?.since?.toISOString()}: ${before} are done (--restart begins anew).`,
    );
  }
  const outcomes = new Map<string, number>();
  const failures: Failure[] = [];
  const bar = createProgressBar(batch.screen, open.length);
  let ended = 0;
  const queue = open.values();
  const work = async (): Promise<void> => {
    for (const content of queue) {
      if (signal.aborted) return;
      try {
        const outcome = await batch.act(content);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        journal?.note(content.content_id);
      } catch (error) {
        failures.push({
          content_id: content.content_id,
          message: error instanceof Error ? error.message : String(error),
        });
      }
      bar.show(++ended);
    }
  };
  await Promise.all(Array.from({ length: wish.concurrency }, work));
  bar.end();
  // a run with failures stays open: the next one tries only those again
  if (!signal.aborted && failures.length === 0) journal?.close();
  return report({ outcomes: Object.fromEntries([...outcomes].sort()), failures });
}

/** Shows a report and says with which code to exit: 0 all is done, 1 something failed, 130 interrupted. */
export function endWith(report: BatchReport, { json }: BatchWish, { say, warn }: Terminal): number {
  if (json) say(JSON.stringify(report));
  else {
    for (const { content_id, message } of report.failures) warn(`${content_id}  ${message}`);
    const counts = Object.entries(report.outcomes).map(([outcome, count]) => `${count} ${outcome}`);
    const open = report.total - report.done_before;
    if (report.dry_run) say(`Would do ${open} of ${report.total} contents. Nothing was changed.`);
    else say([`${report.total} contents`, ...counts, `${report.failures.length} failed`].join(", "));
    if (report.interrupted) say("Interrupted. The same command goes on where this one stopped.");
  }
  if (report.interrupted) return 130;
  return report.failures.length > 0 ? 1 : 0;
}
