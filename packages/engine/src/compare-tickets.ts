import {
  addressOfTicket,
  classifyDue,
  classifyTicket,
  type JobStore,
  LANES,
  type Lane,
  type ListedTicket,
  TICKET_DIFFERENCES,
  type Ticket,
  type TicketDifference,
  type TicketDue,
  type TicketQueue,
  type TicketState,
  ticketId,
} from "@millrace/core";

export interface CompareTicketsNeeds {
  readonly store: Pick<JobStore, "listTicketsDue" | "ticketLevels" | "redispatch">;
  readonly queue: Pick<TicketQueue, "states" | "list" | "discard" | "add">;
  /** A ticket younger than this may still be on its way into the queue. */
  readonly graceMs: number;
  /** False only looks. */
  readonly isRepairing: boolean;
  /** Rows or tickets looked at in one step, at most 1,000. */
  readonly pageSize?: number;
}

/** One ticket the queue and the record disagree about. */
export interface DifferingTicket {
  readonly ticket: string;
  readonly lane: Lane;
  /** Null for an entry that is no ticket. */
  readonly job: string | null;
  readonly state: TicketState;
}

export interface DifferenceCount {
  readonly found: number;
  readonly repaired: number;
  /** Of this kind, too, but in a worker's hands, where it comes to nothing by itself: never touched, not in `found`. */
  readonly held: number;
  /** The first few. */
  readonly examples: readonly DifferingTicket[];
}

export interface TicketComparison {
  /** Rows that want a ticket. */
  readonly rows: number;
  /** Unfinished entries of the queue. */
  readonly tickets: number;
  readonly differences: Readonly<Record<TicketDifference, DifferenceCount>>;
}

const PAGE = 500;
const EXAMPLES = 5;
/** Discarding while listing would make the listing skip entries: so many pages' are remembered before it begins anew. */
const PAGES_REMEMBERED = 20;

/**
 * Compares the queue with the rows in both directions and, if asked, makes the queue what the rows say. Works in pages,
 * beside everything that runs: what two looks do not agree about has only moved meanwhile and is no difference. A second
 * repair finds nothing.
 */
export async function compareTickets(needs: CompareTicketsNeeds): Promise<TicketComparison> {
  const report = createReport();
  await compareRows(needs, report);
  for (const lane of LANES) report.tickets += await compareLane(needs, lane, report);
  return report.result();
}

type Report = ReturnType<typeof createReport>;

function createReport() {
  const counts = Object.fromEntries(
    TICKET_DIFFERENCES.map((kind) => [kind, { found: 0, repaired: 0, held: 0, examples: [] as DifferingTicket[] }]),
  ) as Record<TicketDifference, { found: number; repaired: number; held: number; examples: DifferingTicket[] }>;
  return {
    rows: 0,
    tickets: 0,
    add(kind: TicketDifference, example: DifferingTicket): void {
      const count = counts[kind];
      if (example.state === "held") {
        count.held += 1;
        return;
      }
      count.found += 1;
      if (count.examples.length < EXAMPLES) count.examples.push(example);
    },
    repaired(kind: TicketDifference, number: number): void {
      counts[kind].repaired += number;
    },
    result(): TicketComparison {
      return { rows: this.rows, tickets: this.tickets, differences: counts };
    },
  };
}

/** Rows → queue: what should be there and is not. */
async function compareRows(needs: CompareTicketsNeeds, report: Report): Promise<void> {
  const { store, queue, graceMs, pageSize: limit = PAGE } = needs;
  for (let afterSeq = 0; ; ) {
    const due = await store.listTicketsDue({ afterSeq, limit, graceMs, withLeasesOver: true });
    report.rows += due.length;
    const lost = await confirmLost(needs, due);
    for (const { kind, row, state } of lost) {
      const { ticket } = row;
      report.add(kind, { ticket: ticketId(ticket), lane: ticket.lane, job: ticket.jobId, state });
    }
    if (needs.isRepairing && lost.length > 0) {
      const given = await store.redispatch(lost.map(({ row }) => row));
      await queue.add(given);
      for (const { jobId } of given) report.repaired(lost.find(({ row }) => row.ticket.jobId === jobId)!.kind, 1);
    }
    if (due.length < limit) return;
    afterSeq = due.at(-1)!.ticket.seq;
  }
}

interface Lost {
  readonly kind: TicketDifference;
  readonly row: TicketDue;
  readonly state: TicketState;
}

/** Those whose ticket is gone, and whose row, read again after that was seen, still waits for the same one. */
async function confirmLost({ store, queue }: CompareTicketsNeeds, due: readonly TicketDue[]): Promise<Lost[]> {
  if (due.length === 0) return [];
  const states = await queue.states(due.map(({ ticket }) => ticket));
  const suspects = due.flatMap((row, i) => {
    const state = states[i]!;
    const kind = classifyDue(state);
    return kind === undefined ? [] : [{ kind, row, state }];
  });
  if (suspects.length === 0) return [];
  const levels = await store.ticketLevels(suspects.map(({ row }) => row.ticket.jobId));
  const dispatchOf = new Map(levels.map((level) => [level.jobId, level.isDispatched ? level.dispatchNo : undefined]));
  return suspects.filter(({ row }) => dispatchOf.get(row.ticket.jobId) === row.ticket.dispatchNo);
}

/** Queue → rows: what is there and should not be. Resolves with how many entries there are. */
async function compareLane(needs: CompareTicketsNeeds, lane: Lane, report: Report): Promise<number> {
  const held = new Set<string>();
  for (;;) {
    const { seen, unwanted, isWhole } = await listUnwanted(needs, lane, (found) => {
      const { kind, listed, state } = found;
      if (held.has(listed.id)) return;
      if (state === "held") held.add(listed.id);
      report.add(kind, { ticket: listed.id, lane, job: listed.body?.jobId ?? null, state });
    });
    let discarded = 0;
    for (const kind of TICKET_DIFFERENCES) {
      const tickets = unwanted.filter((one) => one.kind === kind).map(({ listed }) => listed);
      const gone = tickets.length === 0 ? 0 : await needs.queue.discard(tickets);
      report.repaired(kind, gone);
      discarded += gone;
    }
    if (isWhole || discarded === 0) return seen;
  }
}

/** What of a lane can be discarded, as much as may be remembered; `isWhole` when that was all. */
async function listUnwanted(needs: CompareTicketsNeeds, lane: Lane, tell: (found: Unwanted) => void) {
  const unwanted = new Map<string, Unwanted>();
  let seen = 0;
  const look = async (page: readonly ListedTicket[]): Promise<void> => {
    seen += page.length;
    for (const found of await confirmUnwanted(needs, page)) {
      if (unwanted.has(found.listed.id)) continue;
      tell(found);
      if (needs.isRepairing && found.state === "waiting") unwanted.set(found.listed.id, found);
    }
  };
  const { pageSize = PAGE } = needs;
  const page: ListedTicket[] = [];
  for await (const listed of needs.queue.list(lane)) {
    page.push(listed);
    if (page.length < pageSize) continue;
    await look(page.splice(0));
    if (unwanted.size >= PAGES_REMEMBERED * pageSize) return { seen, unwanted: [...unwanted.values()], isWhole: false };
  }
  await look(page);
  return { seen, unwanted: [...unwanted.values()], isWhole: true };
}

interface Unwanted {
  readonly kind: TicketDifference;
  readonly listed: ListedTicket;
  readonly state: TicketState;
}

/** Those the rows do not want, and which, looked at again after the rows were read, are still unfinished. */
async function confirmUnwanted(needs: CompareTicketsNeeds, page: readonly ListedTicket[]): Promise<Unwanted[]> {
  const ids = page.flatMap(({ body }) => (body === null ? [] : [body.jobId]));
  const levels = ids.length === 0 ? [] : await needs.store.ticketLevels([...new Set(ids)]);
  const levelOf = new Map(levels.map((level) => [level.jobId, level]));
  const suspects = page.flatMap((listed) => {
    const kind = classifyTicket(listed, listed.body === null ? undefined : levelOf.get(listed.body.jobId));
    return kind === undefined ? [] : [{ kind, listed }];
  });
  // an entry that is no ticket may have any id; nobody gives it a state but the listing
  const known = suspects.map(({ listed }) => ticketOf(listed));
  const asked = known.filter((ticket) => ticket !== undefined);
  const states = asked.length === 0 ? [] : await needs.queue.states(asked);
  let next = 0;
  return suspects.flatMap(({ kind, listed }, i) => {
    const state = known[i] === undefined ? listed.state : states[next++]!;
    return state === "waiting" || state === "held" ? [{ kind, listed, state }] : [];
  });
}

/** The ticket as far as the queue needs it to find it again. */
function ticketOf({ id, lane, body }: ListedTicket): Ticket | undefined {
  const address = addressOfTicket(id);
  return body === null || address === undefined
    ? undefined
    : { ...address, lane, jobId: body.jobId, stage: body.stage };
}
