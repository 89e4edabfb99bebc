import { type Blobs, type Log, systemClock } from "@millrace/core";
import { type Database, purge } from "@millrace/db";
import type { Chore } from "@millrace/engine";

const HOUR_MS = 3_600_000;

/** Those whose jobs Millrace has a rule for; jobs of others stay. */
const PIPELINES = ["content", "extraction", "extraction_bulk"];

/** A-Q13 and B-Q22, by the clock: the leader makes old full jobs compact and deletes old jobs with their files. */
export function purgeChore(db: Database, blobs: Blobs, log: Log): Chore {
  return {
    name: "purge",
    everyMs: HOUR_MS,
    async run(signal) {
      const purged = await purge(db, { now: systemClock.now(), pipelines: PIPELINES, blobs, signal });
      if (purged.stripped + purged.deleted + purged.postponed > 0) log.info({ ...purged }, "old jobs purged");
    },
  };
}
