import type { Lane, ListedTicket } from "@millrace/core";
import type { Pool } from "pg";
import { readBody } from "./ticket-entry.ts";

const PAGE = 500;

/** Everything unfinished in the lane, page by page along the primary key. */
export async function* postgresTicketList(pool: Pool, lane: Lane): AsyncGenerator<ListedTicket> {
  let after = "";
  for (;;) {
    const { rows } = await pool.query<{ id: string; state: string; data: unknown }>(
      `SELECT id, state::text, data FROM job
       WHERE queue = $1 AND id > $2 AND state NOT IN ('completed', 'failed') ORDER BY id LIMIT ${PAGE}`,
      [lane, after],
    );
    for (const { id, state, data } of rows) {
      yield { id, lane, state: state === "active" ? "held" : "waiting", body: readBody(data) };
    }
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.id;
  }
}

/** Takes out those of `ids` that wait. Resolves with how many did. */
export async function discardPostgresTickets(pool: Pool, lane: Lane, ids: readonly string[]): Promise<number> {
  const { rowCount } = await pool.query(
    "DELETE FROM job WHERE queue = $1 AND id = ANY($2) AND state NOT IN ('active', 'completed', 'failed')",
    [lane, ids],
  );
  return rowCount ?? 0;
}
