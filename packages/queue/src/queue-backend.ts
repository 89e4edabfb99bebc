import type { Lane, ListedTicket, Spool, TicketState } from "@millrace/core";
import type { Queue } from "bullmq";
import type { LaneWorker } from "./lane-worker.ts";
import type { ServerCheck } from "./server-check.ts";
import type { TakeTicket } from "./take-ticket.ts";
import type { TicketBody, TicketEntry } from "./ticket-entry.ts";

export type LaneQueue = Queue<TicketBody, null, string>;

/** BullMQ writes about four events a ticket to a stream nobody here reads: it cannot be switched off, only kept short. */
export const EVENTS_KEPT = 100;

/** What Redis and Postgres do differently; everything else of the queue is written once on top of it. */
export interface QueueBackend {
  readonly name: "redis" | "postgres";
  readonly queues: Readonly<Record<Lane, LaneQueue>>;
  add(lane: Lane, entries: readonly TicketEntry[]): Promise<unknown>;
  /** States of up to 1,000 tickets, by position. */
  states(lane: Lane, ids: readonly string[]): Promise<TicketState[]>;
  /** Every unfinished entry, page by page. */
  list(lane: Lane): AsyncGenerator<ListedTicket>;
  /** Takes out those that wait, and tells how many. */
  discard(lane: Lane, ids: readonly string[]): Promise<number>;
  incarnation(): Promise<string>;
  readonly spool: Spool | undefined;
  /** It does not fetch yet. */
  openWorker(lane: Lane, take: TakeTicket, concurrency: number): LaneWorker;
  ping(): Promise<unknown>;
  checkServer(): Promise<ServerCheck>;
  /** May wait for a server that does not answer: the caller bounds it. */
  close(): Promise<void>;
}
