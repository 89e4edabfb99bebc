import { z } from "zod";

/** What a ticket carries in the queue: job, stage, dispatch number. Payloads stay in Postgres and blobs. */
export const ticketPayload = z.strictObject({ j: z.uuid(), s: z.string().min(1), n: z.int().positive() });
export type TicketPayload = z.output<typeof ticketPayload>;
