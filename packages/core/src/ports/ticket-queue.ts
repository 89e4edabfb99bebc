import type { Lane } from "../job.ts";
import type { Ticket } from "../ticket.ts";
import type { Spool } from "./spool.ts";

/**
 * What the queue knows of a ticket. `waiting`: it will reach a worker by itself (delayed and prioritized ones, too);
 * `held`: a worker has it, or had it and died.
 */
export type TicketState = "waiting" | "held" | "finished" | "missing";

/** A ticket found in the queue, whatever the rows say of it. */
export interface ListedTicket {
  /** The queue's own id of it. */
  readonly id: string;
  readonly lane: Lane;
  readonly state: "waiting" | "held";
  /** What it says; null for an entry that is no ticket. */
  readonly body: ReceivedTicket | null;
}

/** What an operator set for a lane; null means no limit. The queue forgets it when it is emptied. */
export interface LaneLimits {
  readonly lane: Lane;
  readonly isPaused: boolean;
  /** Tickets in hand at a time, over all workers. */
  readonly concurrency: number | null;
  readonly rateLimit: RateLimit | null;
}

/** At most `max` tickets fetched in any `durationMs`, over all workers. */
export interface RateLimit {
  readonly max: number;
  readonly durationMs: number;
}

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

/** How a fetch loop is doing. */
export interface ConsumerState {
  readonly isPaused: boolean;
  readonly inHand: number;
  readonly concurrency: number;
  /** Since the loop last took a ticket or came back empty-handed from the queue. With all slots taken it has nothing to do. */
  readonly msSinceFetch: number;
}

/** A running fetch loop of one lane. */
export interface LaneConsumer {
  readonly lane: Lane;
  state(): ConsumerState;
  /** Replaces the loop and its connections by new ones; tickets in hand stay in hand. Never waits for the queue. */
  rebuild(): void;
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
  /** Every unfinished entry of a lane. One that moves meanwhile may come twice or not at all. */
  list(lane: Lane): AsyncIterable<ListedTicket>;
  /** Takes entries that wait out of the queue; those in a worker's hands stay. Returns how many went. */
  discard(tickets: readonly ListedTicket[]): Promise<number>;
  /**
   * Names the queue's memory. Another name than at the last call: it was emptied, replaced or rolled back, and any ticket
   * and any limit may be gone.
   */
  incarnation(): Promise<string>;
  /** What the queue enforces now. */
  limits(lane: Lane): Promise<LaneLimits>;
  /** Makes the queue enforce this; repeating it changes nothing. */
  applyLimits(limits: LaneLimits): Promise<void>;
  /** Where finished results wait while Postgres is away; undefined where the queue is no place for them. */
  readonly spool: Spool | undefined;
  consume(
    lane: Lane,
    options: { readonly concurrency: number; readonly work: (ticket: ReceivedTicket) => Promise<TicketAnswer> },
  ): LaneConsumer;
  /** Rejects when the queue does not answer within `timeoutMs`. */
  ping(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}
