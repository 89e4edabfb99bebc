import type { Lane } from "./job.ts";

/** The queue entry that makes a worker look at a job: nothing but the address of the work. */
export interface Ticket {
  readonly jobId: string;
  readonly resourceKey: string;
  readonly seq: number;
  readonly stage: string;
  readonly dispatchNo: number;
  readonly lane: Lane;
  readonly traceparent?: string | null;
}

const MAX_SLUG = 80;

/**
 * The ticket's id in the queue: `<resource key>.<seq>.<dispatch_no>` with ':' as '_' and the key cut to 80 characters.
 * Readable on the board, never numeric or a reserved word, and unique per dispatch, so a repeated add collapses and a
 * later dispatch never does.
 */
export function ticketId(ticket: Pick<Ticket, "resourceKey" | "seq" | "dispatchNo">): string {
  const slug = ticket.resourceKey.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, MAX_SLUG);
  return `${slug || "job"}.${ticket.seq}.${ticket.dispatchNo}`;
}

/** What `ticketId` made the id of, as far as it can be read back: the same id comes of it. Undefined for any other text. */
export function addressOfTicket(id: string): Pick<Ticket, "resourceKey" | "seq" | "dispatchNo"> | undefined {
  const parts = /^(?<key>[A-Za-z0-9_-]{1,80})\.(?<seq>\d{1,16})\.(?<dispatchNo>\d{1,16})$/.exec(id)?.groups;
  if (parts === undefined) return undefined;
  const address = { resourceKey: parts["key"]!, seq: Number(parts["seq"]), dispatchNo: Number(parts["dispatchNo"]) };
  return ticketId(address) === id ? address : undefined;
}
