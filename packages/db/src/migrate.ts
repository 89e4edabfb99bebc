import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as applyMigrations } from "drizzle-orm/postgres-js/migrator";
import postgres, { type Sql } from "postgres";
import { applyExtractionTables, revertExtractionTables } from "./extraction-tables.ts";
import { MIGRATIONS_FOLDER } from "./migrations.ts";
import { toStoreError } from "./store-error.ts";
import { applyUnifiedStatus, revertUnifiedStatus } from "./unified-status.ts";
import { applyVideoTables, revertVideoTables } from "./video-tables.ts";

/** Any constant would do; it must only be ours: "millrace" as letters of a bigint. */
const MIGRATION_LOCK = "7883959205594428773";

/** Brings the database at `url` to the newest schema. Concurrent callers queue up; the later ones find nothing to do. */
export function migrate(url: string): Promise<void> {
  return underMigrationLock(url, async (client) => {
    await applyVideoTables(client);
    await applyMigrations(drizzle(client), { migrationsFolder: MIGRATIONS_FOLDER });
    await applyUnifiedStatus(client);
    await applyExtractionTables(client);
  });
}

/**
 * The way back of the cutover (A-Q17): `contents` has two status pairs again, for an older program. Millrace itself does
 * not run on it; `migrate` leads forward again. Throws, and changes nothing, while jobs on contents are active.
 */
export function revertCutover(url: string): Promise<void> {
  return underMigrationLock(url, revertUnifiedStatus);
}

/**
 * The way back of extraction (B-S12): its tables go, with all that stands in them; its jobs stay. Millrace itself does not
 * run on what is left; `migrate` leads forward again. Throws, and changes nothing, while extraction jobs are active.
 */
export function revertExtraction(url: string): Promise<void> {
  return underMigrationLock(url, revertExtractionTables);
}

/**
 * The way back of video production (C-S06): tasks, quotas, permits and alerts go, with all that stands in them; its jobs
 * stay. Millrace itself does not run on what is left; `migrate` leads forward again. Throws, and changes nothing, while
 * video jobs are active.
 */
export function revertVideo(url: string): Promise<void> {
  return underMigrationLock(url, revertVideoTables);
}

async function underMigrationLock(url: string, act: (client: Sql) => Promise<void>): Promise<void> {
  const client = postgres(url, {
    // one connection: the advisory lock belongs to its session
    max: 1,
    connect_timeout: 10,
    max_lifetime: null,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: "millrace-migrate" },
  });
  try {
    await client.unsafe(`select pg_advisory_lock(${MIGRATION_LOCK})`);
    await act(client);
    await client.unsafe(`select pg_advisory_unlock(${MIGRATION_LOCK})`);
  } catch (error) {
    throw toStoreError(error);
  } finally {
    await client.end({ timeout: 5 });
  }
}
