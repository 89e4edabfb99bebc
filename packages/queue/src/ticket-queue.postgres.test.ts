import { createEmptyDatabase } from "@millrace/testing";
import { describe } from "vitest";
import { ticketQueueContract } from "./ticket-queue.contract.ts";

describe("Postgres", () => {
  ticketQueueContract("ticket queue", async () => {
    const database = await createEmptyDatabase();
    return { address: { postgresUrl: database.url }, prefix: "", remove: () => database.drop() };
  });
});
