import type { Query } from "./database.ts";

const FIRST_AT_ROWS = 100;
const GROWTH = 4;
/** From here on autovacuum keeps up on its own. */
const LAST_AT_ROWS = 500_000;

/**
 * Sessions keep the plans they made. On a new database these are plans for empty tables, and until autovacuum's first
 * visit (a minute or more) a busy start would run on them: measured, a batch slows down by a factor of ten at 10,000
 * rows. So the process that adds rows asks for fresh statistics each time its rows have grown fourfold; every session
 * then plans again. Best effort, beside the work.
 */
export function analyzeAsItGrows(query: Query): (newRows: number) => void {
  let rows = 0;
  let nextAt = FIRST_AT_ROWS;
  return (newRows) => {
    rows += newRows;
    if (rows < nextAt || nextAt > LAST_AT_ROWS) return;
    nextAt *= GROWTH;
    query("analyze pipeline_jobs, contents, job_stages, job_events").catch(() => {});
  };
}
