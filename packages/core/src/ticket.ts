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
