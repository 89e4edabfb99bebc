import type { Finding } from "@millrace/core";
import type { Database } from "./database.ts";
import { type DatabaseFacts, judgeDatabase } from "./judge-database.ts";
import { migrationState } from "./migrations.ts";

/** Sessions of other roles show no more than who they belong to: enough to count them. */
const FACTS = `
select current_setting('server_version_num')::int as version_number, current_setting('server_version') as version,
  pg_is_in_recovery() as is_standby, current_setting('default_transaction_read_only')::bool as is_read_only,
  current_setting('fsync')::bool as has_fsync, current_setting('full_page_writes')::bool as has_full_page_writes,
  current_setting('synchronous_commit') as synchronous_commit,
  current_setting('synchronous_standby_names') as synchronous_standbys,
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0) as max_connections,
  (
    select count(*)::int from pg_stat_activity
    where datid is not null and usesysid is not null and backend_type is distinct from 'parallel worker'
  ) as connections,
  extract(epoch from clock_timestamp())::float8 * 1000 as clock_ms
`;

interface FactsRow {
  readonly version_number: number;
  readonly version: string;
  readonly is_standby: boolean;
  readonly is_read_only: boolean;
  readonly has_fsync: boolean;
  readonly has_full_page_writes: boolean;
  readonly synchronous_commit: string;
  readonly synchronous_standbys: string;
  readonly max_connections: number;
  readonly connections: number;
  readonly clock_ms: number;
}

/**
 * Looks whether accepted work is safe in this database: version, role, durability, connections, clock and migrations, one
 * finding each. `now` is this process' clock in milliseconds since 1970. Rejects with STORE_UNAVAILABLE when the
 * database does not answer.
 */
export async function checkDatabase(db: Database, { now }: { readonly now: () => number }): Promise<Finding[]> {
  const migrations = await migrationState(db);
  // the connection stands by now, so that the clock is read in one quick round trip
  const askedAt = now();
  const [row] = await db.query<FactsRow>(FACTS);
  const answeredAt = now();
  return judgeDatabase(factsOf(row!, clockAhead(row!.clock_ms, { askedAt, answeredAt }), migrations));
}

/** The clock was read between the two instants: only what lies outside them is a difference. */
function clockAhead(clockMs: number, seen: { readonly askedAt: number; readonly answeredAt: number }): number {
  if (clockMs > seen.answeredAt) return clockMs - seen.answeredAt;
  return Math.min(0, clockMs - seen.askedAt);
}

function factsOf(row: FactsRow, clockAheadMs: number, migrations: DatabaseFacts["migrations"]): DatabaseFacts {
  return {
    versionNumber: row.version_number,
    version: row.version,
    isStandby: row.is_standby,
    isReadOnly: row.is_read_only,
    hasFsync: row.has_fsync,
    hasFullPageWrites: row.has_full_page_writes,
    synchronousCommit: row.synchronous_commit,
    synchronousStandbys: row.synchronous_standbys,
    maxConnections: row.max_connections,
    connections: row.connections,
    clockAheadMs,
    migrations,
  };
}
