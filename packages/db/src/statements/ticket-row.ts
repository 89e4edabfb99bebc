import type { Lane, Ticket } from "@millrace/core";

/** The columns a ticket is made of. */
export const TICKET_COLUMNS = "j.id, j.resource_key, j.seq, j.stage, j.dispatch_no, j.lane, j.traceparent";

/** Those columns as they come back. */
export interface TicketRow {
  readonly id: string;
  readonly resource_key: string;
  readonly seq: string;
  readonly stage: string;
  readonly dispatch_no: number;
  readonly lane: Lane;
  readonly traceparent: string | null;
}

export function ticketOf(row: TicketRow): Ticket {
  return {
    jobId: row.id,
    resourceKey: row.resource_key,
    seq: Number(row.seq),
    stage: row.stage,
    dispatchNo: row.dispatch_no,
    lane: row.lane,
    traceparent: row.traceparent,
  };
}
