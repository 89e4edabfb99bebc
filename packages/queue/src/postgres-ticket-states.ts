import type { Lane, TicketState } from "@millrace/core";
import type { Pool } from "pg";

/** States of the tickets `ids` of `lane`, by position, in one query. */
export async function postgresTicketStates(pool: Pool, lane: Lane, ids: readonly string[]): Promise<TicketState[]> {
  const { rows } = await pool.query<{ id: string; is_finished: boolean }>(
    "SELECT id, state IN ('completed', 'failed') AS is_finished FROM job WHERE queue = $1 AND id = ANY($2)",
    [lane, ids],
  );
  const finished = new Map(rows.map((row) => [row.id, row.is_finished]));
  return ids.map((id) => {
    const isFinished = finished.get(id);
    if (isFinished === undefined) return "missing";
    return isFinished ? "finished" : "live";
  });
}
