import { describe, expect, test } from "vitest";
import { judgeRedisServer, type RedisFacts } from "./judge-redis-server.ts";

const MB = 1_048_576;
const good: RedisFacts = {
  info: {
    redis_version: "7.0.15",
    role: "master",
    cluster_enabled: "0",
    aof_enabled: "1",
    aof_last_write_status: "ok",
    rdb_last_bgsave_status: "ok",
    used_memory: String(10 * MB),
    maxmemory: "0",
    total_system_memory: String(100 * MB),
  },
  maxmemoryPolicy: "noeviction",
  listpackLimit: 512,
  savePoints: "",
  clockSkewMs: 12,
  isSlotElsewhere: false,
  prefix: "{millrace}",
};

const withInfo = (info: Record<string, string>): RedisFacts => ({ ...good, info: { ...good.info, ...info } });

/** What is not ok, as `check: severity`. */
const complaints = (facts: RedisFacts): string[] =>
  judgeRedisServer(facts)
    .findings.filter(({ severity }) => severity !== "ok")
    .map(({ check, severity }) => `${check}: ${severity}`);

const messageOf = (facts: RedisFacts, check: string): string | undefined =>
  judgeRedisServer(facts).findings.find((finding) => finding.check === check)?.message;

describe("judging a Redis server", () => {
  test("a good one gets a finding for everything looked at, with what was measured", () => {
    const { server, version, findings } = judgeRedisServer(good);
    expect({ server, version }).toEqual({ server: "Redis 7.0.15", version: "7.0.15" });
    expect(findings.map(({ check, severity }) => `${check}: ${severity}`)).toEqual([
      "redis_version: ok",
      "redis_eviction_policy: ok",
      "redis_persistence: ok",
      "redis_role: ok",
      "redis_memory: ok",
      "redis_listpack: ok",
      "redis_clock: ok",
    ]);
    expect(messageOf(good, "redis_memory")).toContain("10 MB of 100 MB used, 10 %");
    expect(messageOf(good, "redis_listpack")).toContain("512");
    expect(messageOf(good, "redis_clock")).toContain("0.0 s");
  });

  test("whatever is not ok says what to do about it", () => {
    const worst: RedisFacts = {
      ...withInfo({ redis_version: "5.0.14", aof_enabled: "0", role: "slave", used_memory: String(90 * MB) }),
      maxmemoryPolicy: "allkeys-lru",
      listpackLimit: 64,
      clockSkewMs: 60_000,
    };
    const { findings } = judgeRedisServer(worst);
    expect(findings.filter(({ severity }) => severity === "ok")).toEqual([]);
    expect(findings.filter(({ fix }) => fix === undefined)).toEqual([]);
  });

  test.each([
    ["5.0.14", ["redis_version: fatal"]],
    ["6.0.16", ["redis_version: fatal"]],
    ["6.2.0", ["redis_version: warning"]],
    ["6.2.14", ["redis_version: warning"]],
    ["7.0.15", []],
    ["7.10.1", []],
    ["8.2.3", []],
    ["10.0.0", []],
  ])("version %s", (version, expected) => {
    expect(complaints(withInfo({ redis_version: version }))).toEqual(expected);
  });

  test("Valkey is judged by the Redis it speaks for, and shown under its own name", () => {
    const check = judgeRedisServer(withInfo({ redis_version: "7.2.4", valkey_version: "9.0.1" }));
    expect(check).toMatchObject({ server: "Valkey 9.0.1", version: "9.0.1" });
    expect(check.findings[0]).toMatchObject({ check: "redis_version", severity: "ok" });
  });

  test.each(["allkeys-lru", "volatile-lru", "allkeys-random", "volatile-ttl"])(
    "maxmemory-policy %s is fatal",
    (policy) => {
      const facts = { ...good, maxmemoryPolicy: policy };
      expect(complaints(facts)).toEqual(["redis_eviction_policy: fatal"]);
      expect(messageOf(facts, "redis_eviction_policy")).toContain(policy);
    },
  );

  test("a host that hides version or policy is warned about, one that hides the rest is not", () => {
    const hidden = { ...good, info: {}, maxmemoryPolicy: null, listpackLimit: null, savePoints: null };
    expect(complaints(hidden)).toEqual(["redis_version: warning", "redis_eviction_policy: warning"]);
  });

  test.each([
    ["no disk at all", { aof_enabled: "0" }, "", ["redis_persistence: warning"], "Nothing is written to disk"],
    ["snapshots only", { aof_enabled: "0" }, "3600 1", ["redis_persistence: warning"], "save 3600 1"],
    ["snapshots not told", { aof_enabled: "0" }, null, ["redis_persistence: warning"], "append-only file is off"],
    ["both", {}, "3600 1", [], "append-only file is on"],
    ["a disk that fails", { aof_last_write_status: "err" }, "", ["redis_persistence: warning"], "failed"],
    ["snapshots that fail", { rdb_last_bgsave_status: "err" }, "3600 1", ["redis_persistence: warning"], "failed"],
  ])("persistence: %s", (_title, info, savePoints, expected, message) => {
    const facts = { ...withInfo(info as Record<string, string>), savePoints };
    expect(complaints(facts)).toEqual(expected);
    expect(messageOf(facts, "redis_persistence")).toContain(message);
  });

  test("a replica is fatal", () => {
    expect(complaints(withInfo({ role: "slave" }))).toEqual(["redis_role: fatal"]);
  });

  test.each([
    ["{millrace}", []],
    ["a{b}c", []],
    ["millrace", ["redis_role: fatal"]],
    ["{}millrace", ["redis_role: fatal"]],
    ["{millrace", ["redis_role: fatal"]],
  ])("a cluster with the prefix %s", (prefix, expected) => {
    expect(complaints({ ...withInfo({ cluster_enabled: "1" }), prefix })).toEqual(expected);
    expect(complaints({ ...good, prefix })).toEqual([]);
  });

  test("a cluster's node that has not the queue's slot is fatal", () => {
    expect(complaints({ ...withInfo({ cluster_enabled: "1" }), isSlotElsewhere: true })).toEqual(["redis_role: fatal"]);
  });

  test.each([
    [80, 100, []],
    [81, 100, ["redis_memory: warning"]],
    [100, 100, ["redis_memory: warning"]],
    [80, 0, []],
    [81, 0, ["redis_memory: warning"]],
    [99, 0, ["redis_memory: warning"]],
  ])("%d MB used with maxmemory %d MB on a machine of 100 MB", (used, max, expected) => {
    const facts = withInfo({ used_memory: String(used * MB), maxmemory: String(max * MB) });
    expect(complaints(facts)).toEqual(expected);
  });

  test("a small limit for compact hashes is a warning that names the setting", () => {
    expect(complaints({ ...good, listpackLimit: 127 })).toEqual(["redis_listpack: warning"]);
    expect(complaints({ ...good, listpackLimit: 128 })).toEqual([]);
    expect(messageOf({ ...good, listpackLimit: 64 }, "redis_listpack")).toContain("hash-max-listpack-value is 64");
  });

  test("clocks more than five seconds apart are a warning", () => {
    expect(complaints({ ...good, clockSkewMs: 5_000 })).toEqual([]);
    expect(complaints({ ...good, clockSkewMs: 5_001 })).toEqual(["redis_clock: warning"]);
  });
});
