import type { Job } from "bullmq";
import type { TicketBody } from "./ticket-entry.ts";

export type TicketJob = Job<TicketBody, null, string>;
/** BullMQ's processor. Exactly three plain parameters: with fewer it passes no signal, and says so nowhere. */
export type TakeTicket = (job: TicketJob, token: string | undefined, signal: AbortSignal | undefined) => Promise<null>;
