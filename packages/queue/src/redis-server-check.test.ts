import { describe, expect, test } from "vitest";
import { judgeRedisServer } from "./redis-server-check.ts";

const severities = (info: Record<string, string>, settings: Parameters<typeof judgeRedisServer>[1]): string[] =>
  judgeRedisServer(info, settings).problems.map((problem) => problem.severity);

const good = { maxmemoryPolicy: "noeviction", listpackLimit: 512 };

describe("judging a Redis server", () => {
  test.each([
    ["5.0.14", ["fatal"]],
    ["6.0.16", ["fatal"]],
    ["6.2.0", ["warning"]],
    ["6.2.14", ["warning"]],
    ["7.0.15", []],
    ["7.10.1", []],
    ["8.2.3", []],
    ["10.0.0", []],
  ])("version %s", (version, expected) => {
    expect(severities({ redis_version: version }, good)).toEqual(expected);
  });

  test("Valkey is judged by the Redis it speaks for, and shown under its own name", () => {
    const check = judgeRedisServer({ redis_version: "7.2.4", valkey_version: "9.0.1" }, good);
    expect(check).toMatchObject({ server: "Valkey 9.0.1", version: "9.0.1", problems: [] });
  });

  test("a server that hides its version is a warning", () => {
    expect(severities({}, good)).toEqual(["warning"]);
  });

  test.each(["allkeys-lru", "volatile-lru", "allkeys-random", "volatile-ttl"])(
    "maxmemory-policy %s is fatal",
    (policy) => {
      const check = judgeRedisServer({ redis_version: "7.0.15" }, { ...good, maxmemoryPolicy: policy });
      expect(check.problems).toEqual([{ severity: "fatal", message: expect.stringContaining(policy) }]);
      expect(check.maxmemoryPolicy).toBe(policy);
    },
  );

  test("a host that hides maxmemory-policy is a warning, one that hides the rest is none", () => {
    expect(severities({ redis_version: "7.0.15" }, { maxmemoryPolicy: null, listpackLimit: null })).toEqual([
      "warning",
    ]);
    expect(severities({ redis_version: "7.0.15" }, { ...good, listpackLimit: null })).toEqual([]);
  });

  test("a small limit for compact hashes is a warning that names the setting", () => {
    const { problems } = judgeRedisServer({ redis_version: "7.0.15" }, { ...good, listpackLimit: 64 });
    expect(problems).toEqual([{ severity: "warning", message: expect.stringContaining("hash-max-listpack-value") }]);
  });
});
