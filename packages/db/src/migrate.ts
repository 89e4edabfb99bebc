import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as applyMigrations } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { MIGRATIONS_FOLDER } from "./migrations.ts";
import { toStoreError } from "./store-error.ts";

/** Any constant would do; it must only be ours: "millrace" as letters of a bigint. */
const MIGRATION_LOCK = "7883959205594428773";

/** Brings the database at `url` to the newest schema. Concurrent callers queue up; the later ones find nothing to do. */
export async function migrate(url: string): Promise<void> {
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
    await applyMigrations(drizzle(client), { migrationsFolder: MIGRATIONS_FOLDER });
    await client.unsafe(`select pg_advisory_unlock(${MIGRATION_LOCK})`);
  } catch (error) {
    throw toStoreError(error);
  } finally {
    await client.end({ timeout: 5 });
  }
}
