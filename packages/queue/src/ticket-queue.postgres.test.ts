import { createEmptyDatabase } from "@millrace/testing";
import { Pool } from "pg";
import { describe } from "vitest";
import { laneConsumerContract } from "./lane-consumer.contract.ts";
import { laneLimitsContract } from "./lane-limits.contract.ts";
import { ticketListContract } from "./ticket-list.contract.ts";
import { ticketQueueContract } from "./ticket-queue.contract.ts";
import type { QueuePlace } from "./use-queue.contract.ts";

async function place(): Promise<QueuePlace> {
  const database = await createEmptyDatabase();
  const pool = new Pool({ connectionString: database.url, max: 1, options: "-c search_path=bullmq" });
  pool.on("error", () => {});
  return {
    address: { postgresUrl: database.url },
    prefix: "",
    async lockEndsAt(ticketId) {
      const { rows } = await pool.query("SELECT locked_until_ms FROM job WHERE queue = 'io' AND id = $1", [ticketId]);
      return Number(rows[0].locked_until_ms);
    },
    async addForeign(id) {
      const values = "'io', $1, nextval('job_seq'), 'foreign', 'waiting', '\"text\"', 0";
      await pool.query(`INSERT INTO job (queue, id, seq, name, state, data, added_at_ms) VALUES (${values})`, [id]);
    },
    async remove() {
      await pool.end();
      await database.drop();
    },
  };
}

describe("Postgres", () => {
  ticketQueueContract("ticket queue", place);
  laneLimitsContract("lane limits", place);
  ticketListContract("ticket list", place);
  laneConsumerContract("lane consumer", place);
});
