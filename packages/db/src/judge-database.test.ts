import { describe, expect, it } from "vitest";
import { type DatabaseFacts, judgeDatabase } from "./judge-database.ts";

const GOOD: DatabaseFacts = {
  versionNumber: 150_004,
  version: "15.4",
  isStandby: false,
  isReadOnly: false,
  hasFsync: true,
  hasFullPageWrites: true,
  synchronousCommit: "on",
  synchronousStandbys: "",
  maxConnections: 100,
  connections: 80,
  clockAheadMs: 5_000,
  migrations: { missing: [], unknown: 0 },
};

const CHECKS = [
  "postgres_version",
  "postgres_role",
  "postgres_durability",
  "postgres_connections",
  "postgres_clock",
  "migrations",
];

function finding(check: string, changed: Partial<DatabaseFacts>) {
  return judgeDatabase({ ...GOOD, ...changed }).find((one) => one.check === check)!;
}

describe("judgeDatabase", () => {
  it("finds nothing wrong at the limits, one finding for each check", () => {
    const findings = judgeDatabase(GOOD);
    expect(findings.map(({ check }) => check)).toEqual(CHECKS);
    for (const one of findings) expect(one).toMatchObject({ severity: "ok" });
    for (const one of findings) expect(one.fix).toBeUndefined();
  });

  it("says of each fault how bad it is, what it is and what to do, and leaves the other checks alone", () => {
    const faults: [string, Partial<DatabaseFacts>, "warning" | "fatal", RegExp][] = [
      ["postgres_version", { versionNumber: 140_011, version: "14.11" }, "fatal", /14\.11/],
      ["postgres_role", { isStandby: true }, "fatal", /standby/],
      ["postgres_role", { isReadOnly: true }, "fatal", /default_transaction_read_only/],
      ["postgres_durability", { hasFsync: false }, "fatal", /fsync is off/],
      ["postgres_durability", { synchronousCommit: "off" }, "fatal", /synchronous_commit is off/],
      ["postgres_durability", { hasFullPageWrites: false }, "warning", /full_page_writes is off/],
      ["postgres_durability", { hasFsync: false, hasFullPageWrites: false }, "fatal", /fsync is off.*full_page_writes/],
      ["postgres_connections", { connections: 81 }, "warning", /81 of 100/],
      ["postgres_connections", { connections: 103 }, "warning", /103 of 100/],
      ["postgres_clock", { clockAheadMs: 5_001 }, "warning", /5 s ahead of/],
      ["postgres_clock", { clockAheadMs: -65_001 }, "warning", /65 s behind/],
      ["migrations", { migrations: { missing: ["0001_a", "0002_b"], unknown: 0 } }, "fatal", /0001_a, 0002_b$/],
      ["migrations", { migrations: { missing: ["0002_b"], unknown: 1 } }, "fatal", /0002_b/],
      ["migrations", { migrations: { missing: [], unknown: 2 } }, "warning", /2 migrations/],
      ["migrations", { migrations: undefined }, "warning", /may not read/],
    ];
    for (const [check, changed, severity, message] of faults) {
      const findings = judgeDatabase({ ...GOOD, ...changed });
      expect(findings.filter((one) => one.severity !== "ok")).toEqual([
        { check, severity, message: expect.stringMatching(message), fix: expect.stringMatching(/\S/) },
      ]);
    }
  });

  it("says where a failover may lose accepted jobs", () => {
    const message = (changed: Partial<DatabaseFacts>) => finding("postgres_durability", changed);
    const mayLose = expect.stringContaining("may lose");
    for (const synchronousCommit of ["local", "remote_write", "on", "remote_apply"]) {
      expect(message({ synchronousCommit })).toMatchObject({ severity: "ok", message: mayLose });
    }
    expect(message({ synchronousStandbys: "b", synchronousCommit: "local" })).toMatchObject({ message: mayLose });
    for (const synchronousCommit of ["remote_write", "on", "remote_apply"]) {
      const safe = message({ synchronousStandbys: "ANY 1 (b, c)", synchronousCommit });
      expect(safe).toMatchObject({ severity: "ok", message: expect.stringContaining("(ANY 1 (b, c))") });
      expect(safe.message).not.toContain("may lose");
    }
  });
});
