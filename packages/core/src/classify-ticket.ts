import type { TicketLevel } from "./ports/job-store.ts";
import type { ListedTicket, TicketState } from "./ports/ticket-queue.ts";

/**
 * How the queue and the record can disagree about a ticket. `missing`: a row wants one and the queue has none;
 * `wrong_state`: the queue keeps it as finished although the row still waits for it; `extra`: one of a job that wants none
 * (finished, parked or in the backlog); `stale`: one of an older dispatch, or in another lane than the row's; `orphaned`:
 * one that no row knows, or an entry that is no ticket at all.
 */
export const TICKET_DIFFERENCES = ["missing", "wrong_state", "extra", "stale", "orphaned"] as const;
export type TicketDifference = (typeof TICKET_DIFFERENCES)[number];

/** Seen from a row that wants a ticket: `state` is what the queue says of the one it names. */
export function classifyDue(state: TicketState): "missing" | "wrong_state" | undefined {
  if (state === "missing") return "missing";
  return state === "finished" ? "wrong_state" : undefined;
}

/** Seen from an unfinished entry of the queue: `level` is what its job's row says, undefined where there is none. */
export function classifyTicket(
  { lane, body }: Pick<ListedTicket, "lane" | "body">,
  level: TicketLevel | undefined,
): "extra" | "stale" | "orphaned" | undefined {
  if (body === null || level === undefined) return "orphaned";
  // dispatch numbers only grow: a newer one than the row's is what a restored database has forgotten
  if (body.dispatchNo > level.dispatchNo) return "orphaned";
  if (!level.isDispatched) return "extra";
  return body.dispatchNo < level.dispatchNo || lane !== level.lane ? "stale" : undefined;
}
