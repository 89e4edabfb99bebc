import { TICKET_DIFFERENCES, type TicketDifference } from "@millrace/core";
import { compareTickets, type DifferenceCount, type TicketComparison } from "@millrace/engine";
import type { CliConfig } from "../config.ts";
import type { Terminal } from "../terminal.ts";
import { withStores } from "../with-stores.ts";

export interface ReconcileOptions {
  readonly apply: boolean;
  readonly json: boolean;
}

/** As long as the leader gives a ticket to arrive. */
const GRACE_MS = 5_000;

const MEANING: Readonly<Record<TicketDifference, string>> = {
  missing: "a job waits for a ticket the queue does not have",
  wrong_state: "a job waits for a ticket the queue keeps as finished",
  extra: "a ticket of a job that is finished, parked or in the backlog",
  stale: "a ticket of an older dispatch of its job",
  orphaned: "a ticket no job knows, or an entry that is no ticket",
};

/** Compares the queue with the rows, and repairs it if asked. Resolves with whether they agree now. */
export function reconcile(config: CliConfig, terminal: Terminal, options: ReconcileOptions): Promise<boolean> {
  // with --json nothing but the report may stand on stdout
  const quiet = options.json ? { ...terminal, say: terminal.warn } : terminal;
  return withStores(config, quiet, async ({ store, queue }) => {
    const comparison = await compareTickets({ store, queue, graceMs: GRACE_MS, isRepairing: options.apply });
    if (options.json) terminal.say(JSON.stringify(reportOf(comparison, options), null, 2));
    else show(comparison, options, terminal);
    return options.apply || TICKET_DIFFERENCES.every((kind) => comparison.differences[kind].found === 0);
  });
}

function reportOf({ rows, tickets, differences }: TicketComparison, { apply }: ReconcileOptions) {
  return { applied: apply, rows, tickets, differences };
}

function show({ rows, tickets, differences }: TicketComparison, { apply }: ReconcileOptions, terminal: Terminal): void {
  const { say, colour } = terminal;
  say(`${rows} jobs that want a ticket, ${tickets} tickets in the queue`);
  for (const kind of TICKET_DIFFERENCES) showKind(kind, differences[kind], apply, terminal);
  const sum = (of: (count: DifferenceCount) => number): number =>
    TICKET_DIFFERENCES.reduce((total, kind) => total + of(differences[kind]), 0);
  const found = sum((count) => count.found);
  if (found === 0) say(colour.green("The queue is what the jobs say."));
  else if (apply) say(`${found} differences, ${sum((count) => count.repaired)} repaired.`);
  else say(`${found} differences. Nothing was changed; --apply repairs them.`);
}

function showKind(
  kind: TicketDifference,
  { found, repaired, held, examples }: DifferenceCount,
  isApplied: boolean,
  { say, colour }: Terminal,
): void {
  if (found === 0 && held === 0) return;
  const parts = [`${found} found`, ...(isApplied ? [`${repaired} repaired`] : [])];
  if (held > 0) parts.push(`${held} more in a worker's hands, left alone`);
  say(`${colour.yellow(kind.padEnd(11))} ${parts.join(", ")}: ${MEANING[kind]}`);
  for (const { ticket, lane, job, state } of examples) {
    say(colour.dim(`            ${ticket}  ${lane}  ${state}${job === null ? "" : `  job ${job}`}`));
  }
  if (found > examples.length) say(colour.dim(`            … and ${found - examples.length} more`));
}
