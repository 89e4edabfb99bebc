import type { Finding } from "@millrace/core";
import type { MigrationState } from "./migrations.ts";

/** What a database says of itself, in one of this program's sessions. */
export interface DatabaseFacts {
  /** As `server_version_num`: 150004 is 15.4. */
  readonly versionNumber: number;
  readonly version: string;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  readonly hasFsync: boolean;
  readonly hasFullPageWrites: boolean;
  readonly synchronousCommit: string;
  readonly synchronousStandbys: string;
  /** Sessions that ordinary roles may open, and those open now. */
  readonly maxConnections: number;
  readonly connections: number;
  /** How far its clock is ahead of this process', at the least; negative: behind. */
  readonly clockAheadMs: number;
  readonly migrations: MigrationState | undefined;
}

const OLDEST_VERSION = 150_000;
const LEAST_FREE_CONNECTIONS = 0.2;
const MOST_CLOCK_DIFFERENCE_MS = 5_000;

/** One finding for each thing that is looked at. */
export function judgeDatabase(facts: DatabaseFacts): Finding[] {
  return [
    judgeVersion(facts),
    judgeRole(facts),
    judgeDurability(facts),
    judgeConnections(facts),
    judgeClock(facts),
    judgeMigrations(facts.migrations),
  ];
}

function judgeVersion({ versionNumber, version }: DatabaseFacts): Finding {
  const check = "postgres_version";
  if (versionNumber >= OLDEST_VERSION) return { check, severity: "ok", message: `Postgres ${version}` };
  return {
    check,
    severity: "fatal",
    message: `Postgres ${version} is older than 15`,
    fix: "Upgrade the server to Postgres 15 or newer.",
  };
}

function judgeRole({ isStandby, isReadOnly }: DatabaseFacts): Finding {
  const check = "postgres_role";
  if (isStandby) {
    return {
      check,
      severity: "fatal",
      message: "the server is a standby: nothing can be written",
      fix: "Point DATABASE_URL at the primary.",
    };
  }
  if (isReadOnly) {
    return {
      check,
      severity: "fatal",
      message: "default_transaction_read_only is on: nothing can be written",
      fix: "Set default_transaction_read_only = off for this role and database.",
    };
  }
  return { check, severity: "ok", message: "a primary that can be written to" };
}

function judgeDurability(facts: DatabaseFacts): Finding {
  const check = "postgres_durability";
  const lost: string[] = [];
  const fixes: string[] = [];
  if (!facts.hasFsync) {
    lost.push("fsync is off: a crash of the machine can lose accepted jobs or the whole database");
    fixes.push("Set fsync = on.");
  }
  if (facts.synchronousCommit === "off") {
    lost.push("synchronous_commit is off: a crash of the server can lose jobs that were accepted just before");
    fixes.push("Set synchronous_commit = on for this role and database.");
  }
  const severity = lost.length > 0 ? "fatal" : "warning";
  if (!facts.hasFullPageWrites) {
    lost.push("full_page_writes is off: a crash of the machine can tear pages");
    fixes.push("Set full_page_writes = on, unless the file system writes whole pages.");
  }
  if (lost.length === 0) return { check, severity: "ok", message: durabilityOf(facts) };
  return { check, severity, message: lost.join("; "), fix: fixes.join(" ") };
}

function durabilityOf({ synchronousCommit, synchronousStandbys }: DatabaseFacts): string {
  const here = `commits are on this server's disk before they are answered (synchronous_commit ${synchronousCommit})`;
  if (synchronousStandbys === "") {
    return `${here}; there is no synchronous standby: a failover to an asynchronous replica may lose the newest accepted jobs`;
  }
  if (synchronousCommit === "local") {
    return `${here}, but do not wait for ${synchronousStandbys}: a failover to a replica may lose the newest accepted jobs`;
  }
  return `${here} and with a synchronous standby (${synchronousStandbys})`;
}

function judgeConnections({ maxConnections, connections }: DatabaseFacts): Finding {
  const check = "postgres_connections";
  const message = `${connections} of ${maxConnections} connections are open`;
  const free = (maxConnections - connections) / maxConnections;
  if (free >= LEAST_FREE_CONNECTIONS) return { check, severity: "ok", message };
  return {
    check,
    severity: "warning",
    message: `${message}: less than ${LEAST_FREE_CONNECTIONS * 100} % are left`,
    fix: "Raise max_connections, or lower DATABASE_CONNECTIONS or the number of programs.",
  };
}

function judgeClock({ clockAheadMs }: DatabaseFacts): Finding {
  const check = "postgres_clock";
  if (Math.abs(clockAheadMs) <= MOST_CLOCK_DIFFERENCE_MS) {
    const message = `the clocks of Postgres and of this program agree to ${MOST_CLOCK_DIFFERENCE_MS / 1_000} s`;
    return { check, severity: "ok", message };
  }
  const seconds = Math.round(Math.abs(clockAheadMs) / 1_000);
  return {
    check,
    severity: "warning",
    message: `Postgres' clock is ${seconds} s ${clockAheadMs > 0 ? "ahead of" : "behind"} this program's: jobs that wait until a given time start at the wrong one`,
    fix: "Let both machines keep their time by NTP.",
  };
}

function judgeMigrations(state: MigrationState | undefined): Finding {
  const check = "migrations";
  if (state === undefined) {
    return {
      check,
      severity: "warning",
      message: "this role may not read which migrations the database has",
      fix: "grant usage on schema drizzle to <role>; grant select on drizzle.__drizzle_migrations to <role>;",
    };
  }
  const { missing, unknown } = state;
  if (missing.length > 0) {
    const fix = "Run `millrace migrate`.";
    return { check, severity: "fatal", message: `the database lacks migrations: ${missing.join(", ")}`, fix };
  }
  if (unknown > 0) {
    return {
      check,
      severity: "warning",
      message: `the database has ${unknown} migrations that this release does not know`,
      fix: "A newer release has migrated it: replace this program by that one.",
    };
  }
  return { check, severity: "ok", message: "the database has every migration of this release" };
}
