import type { Lane, TicketState } from "@millrace/core";
import type { Pool } from "pg";

/** States of the tickets `ids` of `lane`, by position, in one query. */
export async function postgresTicketStates(pool: Pool, lane: Lane, ids: readonly string[]): Promise<TicketState[]> {
  const { rows } = await pool.query<{ id: string; state: string }>(
    "SELECT id, state::text FROM job WHERE queue = $1 AND id = ANY($2)",
    [lane, ids],
  );
  const states = new Map(rows.map((row) => [row.id, row.state]));
  return ids.map((id) => {
    const state = states.get(id);
    if (state === undefined) return "missing";
    if (state === "completed" || state === "failed") return "finished";
    return state === "active" ? "held" : "waiting";
  });
}
