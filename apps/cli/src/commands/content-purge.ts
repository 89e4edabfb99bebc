import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { migrate, type Purged, purge } from "@millrace/db";
import { openBlobs } from "@millrace/providers";
import type { CliConfig } from "../config.ts";
import type { Terminal } from "../terminal.ts";
import { connectForCli, withDatabaseUrl } from "../with-database.ts";

export interface PurgeWish {
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly batch: number;
}

/** Where the jobs of this database leave files; unknown for a database elsewhere without BLOB_URL. */
export function blobUrlOf(config: CliConfig): string | undefined {
  if (config.BLOB_URL !== undefined || config.DATABASE_URL !== undefined) return config.BLOB_URL;
  return pathToFileURL(join(config.dataDir, "blobs")).href;
}

/** A-Q13, by hand: what the schedule does too. Safe to interrupt, and to run beside it. */
export function purgeContent(config: CliConfig, terminal: Terminal, wish: PurgeWish): Promise<void> {
  return withDatabaseUrl(config, terminal, async (url) => {
    await migrate(url);
    const blobUrl = blobUrlOf(config);
    if (blobUrl === undefined && !wish.dryRun) {
      terminal.warn("BLOB_URL is not set: working files of deleted jobs stay where they are.");
    }
    const blobs = blobUrl === undefined ? undefined : await openBlobs(blobUrl);
    const db = connectForCli(url);
    try {
      const { dryRun, batch } = wish;
      const purged = await purge(db, { now: new Date(), dryRun, batch, ...(blobs !== undefined && { blobs }) });
      if (wish.json) terminal.say(JSON.stringify({ dry_run: dryRun, ...purged }));
      else say(terminal, purged, dryRun);
    } finally {
      await db.close();
    }
  });
}

function say(terminal: Terminal, { stripped, deleted, postponed }: Purged, dryRun: boolean): void {
  const verb = dryRun ? "would be" : "were";
  terminal.say(`${stripped} full jobs ${verb} made compact, ${deleted} jobs ${verb} deleted.`);
  if (postponed > 0) terminal.warn(`${postponed} jobs stay: their working files could not be removed.`);
}
