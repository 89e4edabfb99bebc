import type { Lane } from "../job.ts";
import type { Ticket } from "../ticket.ts";

/** What the queue knows of a ticket. `live`: waiting, delayed, prioritized or active. */
export type TicketState = "live" | "finished" | "missing";

/** What a worker says of a ticket it was given. */
export type TicketAnswer =
  /** Dealt with; nothing more to do under this ticket. */
  | { readonly kind: "done" }
  /** Look again after `delayMs`. */
  | { readonly kind: "later"; readonly delayMs: number }
  /** Put it back for any worker, at once. */
  | { readonly kind: "return" };

/** What arrives at a worker. */
export interface ReceivedTicket {
  readonly jobId: string;
  readonly stage: string;
  readonly dispatchNo: number;
}

export interface LaneCounts {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
}

/** A running fetch loop of one lane. */
export interface LaneConsumer {
  readonly lane: Lane;
  /** Stop taking tickets; those in hand go on. Resolves when no new one can arrive. */
  pause(): Promise<void>;
  resume(): void;
  /** Close without waiting for tickets in hand longer than `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/** The queue as the engine sees it. It may forget everything at any moment: Postgres is the truth. */
export interface TicketQueue {
  /** Adds tickets under their deterministic ids; adding one that is already there changes nothing. Rejects fast when the queue is down. */
  add(tickets: readonly Ticket[]): Promise<void>;
  /** Best effort; a ticket in a worker's hands stays. */
  remove(ticket: Ticket): Promise<void>;
  /** States by position. A ticket kept as finished counts as finished, not as live. */
  states(tickets: readonly Ticket[]): Promise<TicketState[]>;
  counts(lane: Lane): Promise<LaneCounts>;
  consume(
    lane: Lane,
    options: { readonly concurrency: number; readonly work: (ticket: ReceivedTicket) => Promise<TicketAnswer> },
  ): LaneConsumer;
  /** Rejects when the queue does not answer within `timeoutMs`. */
  ping(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}
