import type { Blobs } from "@millrace/core";
import { type Cleanup, createExtractionStore, type ExtractionStore, migrate } from "@millrace/db";
import { openBlobs } from "@millrace/providers";
import type { CliConfig } from "../config.ts";
import type { Terminal } from "../terminal.ts";
import { connectForCli, withDatabaseUrl } from "../with-database.ts";
import { blobUrlOf } from "./content-purge.ts";

interface Wish {
  readonly json: boolean;
}

function withExtractions<T>(
  config: CliConfig,
  terminal: Terminal,
  use: (extractions: ExtractionStore) => Promise<T>,
): Promise<T> {
  return withDatabaseUrl(config, terminal, async (url) => {
    await migrate(url);
    const db = connectForCli(url);
    try {
      return await use(createExtractionStore(db));
    } finally {
      await db.close();
    }
  });
}

export interface CleanupWish extends Wish {
  readonly dryRun: boolean;
  readonly olderThanDays?: number;
  readonly status?: Cleanup["status"];
}

/** B-Q22, by hand: what the schedule does too. */
export function cleanUpExtractions(config: CliConfig, terminal: Terminal, wish: CleanupWish): Promise<void> {
  const blobUrl = blobUrlOf(config);
  if (blobUrl === undefined && !wish.dryRun) {
    terminal.warn("BLOB_URL is not set: files of deleted extractions stay where they are.");
  }
  return withExtractions(config, terminal, async (extractions) => {
    const { byStatus, bulks, blobKeys } = await extractions.cleanUp(wish);
    const blobs = blobUrl === undefined ? undefined : await openBlobs(blobUrl);
    const removed = blobs === undefined ? 0 : await removeBlobs(blobs, terminal, blobKeys);
    if (wish.json) {
      const report = { dry_run: wish.dryRun, deleted: byStatus, bulks_deleted: bulks, blobs_deleted: removed };
      terminal.say(JSON.stringify(report));
      return;
    }
    const { completed, failed, cancelled } = byStatus;
    const verb = wish.dryRun ? "would be" : "were";
    terminal.say(
      `${completed} completed, ${failed} failed and ${cancelled} cancelled extractions ${verb} deleted, ${bulks} batches, ${removed} files.`,
    );
  });
}

async function removeBlobs(blobs: Blobs, { warn }: Terminal, keys: readonly string[]): Promise<number> {
  let removed = 0;
  for (const key of keys) {
    try {
      await blobs.delete(key);
      removed++;
    } catch (error) {
      warn(`${key} stays: ${error instanceof Error ? error.message : error}`);
    }
  }
  return removed;
}

export function showStats(config: CliConfig, terminal: Terminal, { json }: Wish): Promise<void> {
  return withExtractions(config, terminal, async (extractions) => {
    const stats = await extractions.stats();
    if (json) {
      terminal.say(JSON.stringify(stats));
      return;
    }
    terminal.say(`${stats.total} extractions`);
    for (const { format, status, count, retries, medianMs, p95Ms } of stats.groups) {
      const times = medianMs === null ? "" : `  median ${seconds(medianMs)}, p95 ${seconds(p95Ms ?? medianMs)}`;
      terminal.say(
        `  ${format.padEnd(6)}  ${status.padEnd(10)}  ${String(count).padStart(8)}  ${retries} retries${times}`,
      );
    }
  });
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

const MAX_STUCK = 100;

export function listStuck(
  config: CliConfig,
  terminal: Terminal,
  { json, minutes }: Wish & { readonly minutes: number },
): Promise<void> {
  return withExtractions(config, terminal, async (extractions) => {
    const stuck = await extractions.listStuck({ minutes, limit: MAX_STUCK });
    if (json) {
      const lines = stuck.map(({ id, reason, stuckSince, stage, worker }) => ({
        id,
        reason,
        stuck_since: stuckSince.toISOString(),
        stage,
        worker,
      }));
      terminal.say(JSON.stringify(lines));
      return;
    }
    if (stuck.length === 0) terminal.say(`Nothing has stood still for ${minutes} minutes.`);
    for (const { id, reason, stuckSince, stage, filename } of stuck) {
      terminal.say(`${id}  ${reason.padEnd(12)}  since ${stuckSince.toISOString()}  ${stage ?? ""}  ${filename}`);
    }
  });
}

export function cleanUpOrphans(
  config: CliConfig,
  terminal: Terminal,
  { json, dryRun }: Wish & { readonly dryRun: boolean },
): Promise<void> {
  return withExtractions(config, terminal, async (extractions) => {
    const { failed, cancelled } = await extractions.cleanUpOrphans({ dryRun });
    if (json) terminal.say(JSON.stringify({ dry_run: dryRun, failed, cancelled }));
    else terminal.say(`${failed} ${dryRun ? "would be" : "are now"} failed, ${cancelled} cancelled.`);
  });
}
