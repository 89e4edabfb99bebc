import { type ReceivedTicket, type Ticket, ticketId } from "@millrace/core";
import type { JobJson } from "bullmq";

/**
 * What a ticket carries in the queue: job id, stage, dispatch number. Nothing else, ever: a waiting ticket's size is what
 * bounds the queue's memory, and whatever else a worker needs is in the job's row.
 */
export interface TicketBody {
  readonly j: string;
  readonly s: string;
  readonly n: number;
}

export interface TicketEntry {
  readonly jobId: string;
  readonly job: JobJson;
}

/**
 * A ticket as BullMQ stores it. `Queue.addBulk` would write the id and its defaults into the options too, and a field
 * above 64 bytes turns Redis' compact hash into a table: 800 bytes a ticket instead of 350. Empty options mean one
 * attempt. The name is the stage, so that the board can be read.
 */
export function entryOf(ticket: Ticket): TicketEntry {
  const id = ticketId(ticket);
  const body: TicketBody = { j: ticket.jobId, s: ticket.stage, n: ticket.dispatchNo };
  return {
    jobId: id,
    job: {
      id,
      name: ticket.stage,
      data: JSON.stringify(body),
      opts: {},
      timestamp: Date.now(),
      progress: 0,
      attemptsMade: 0,
      attemptsStarted: 0,
      failedReason: "",
      returnvalue: "null",
      stalledCounter: 0,
    },
  };
}

/** Null for a body this queue did not write. */
export function readBody(body: unknown): ReceivedTicket | null {
  if (typeof body !== "object" || body === null) return null;
  const { j, s, n } = body as Record<keyof TicketBody, unknown>;
  if (typeof j !== "string" || typeof s !== "string" || typeof n !== "number") return null;
  return { jobId: j, stage: s, dispatchNo: n };
}

/** The same for the text Redis keeps. */
export function readStoredBody(text: string | null | undefined): ReceivedTicket | null {
  try {
    return text ? readBody(JSON.parse(text)) : null;
  } catch {
    return null;
  }
}
