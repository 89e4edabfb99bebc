import { describe, expect, test } from "vitest";
import { judgeSecret, judgeSecrets, judgeUrlSecret } from "./secret-strength.ts";

const GOOD = "7f3c9a1e5b2d";
const options = { name: "DASHBOARD_PASSWORD", isProduction: false };

describe("judgeSecret", () => {
  test.each([GOOD, "correct horse battery staple", "aB3$xY7!kLm9"])("takes %s", (secret) => {
    expect(judgeSecret(secret, options)).toMatchObject({ check: "secret_dashboard_password", severity: "ok" });
  });

  test.each([
    ["changeme", "well-known"],
    ["Password123!", "well-known"],
    ["millrace-2026", "well-known"],
    ["short7!", "7 characters"],
    [GOOD.slice(1), "11 characters"],
    ["abababababababababab", "repeats 2"],
  ])("warns of %s, and production refuses it", (secret, why) => {
    expect(judgeSecret(secret, options)).toMatchObject({ severity: "warning", message: expect.stringContaining(why) });
    expect(judgeSecret(secret, { ...options, isProduction: true }).severity).toBe("fatal");
  });

  test("never says the secret", () => {
    const finding = judgeSecret("short7!", { ...options, isProduction: true });
    expect(JSON.stringify(finding)).not.toContain("short7!");
  });
});

describe("judgeUrlSecret", () => {
  const judge = (url: string, isProduction = false) => judgeUrlSecret(url, { name: "DATABASE_URL", isProduction });

  test.each([
    [`postgres://millrace:${GOOD}@db:5432/millrace`, "ok"],
    ["postgres://postgres:postgres@db/millrace", "warning"],
    ["postgres://u:p%40ss@db/millrace", "warning"],
    ["postgres://u:%zz@db/millrace", "warning"],
    ["postgres://u@localhost/millrace", "ok"],
    ["redis://127.0.0.1:6379", "ok"],
    ["redis://[::1]:6379", "ok"],
    ["redis://cache.internal:6379", "warning"],
  ])("%s: %s", (url, severity) => {
    expect(judge(url).severity).toBe(severity);
    expect(judge(url).check).toBe("secret_database_url");
  });

  test("a weak password is fatal in production, a missing one is not: the server may know its clients otherwise", () => {
    expect(judge("postgres://postgres:postgres@db/millrace", true).severity).toBe("fatal");
    expect(judge("redis://cache.internal:6379", true).severity).toBe("warning");
  });

  test("never says the password", () => {
    expect(JSON.stringify(judge("postgres://postgres:hunter2@db/millrace"))).not.toContain("hunter2");
  });
});

test("judgeSecrets judges what is set, strictly in production", () => {
  const settings = {
    DATABASE_URL: `postgres://u:${GOOD}@db/x`,
    REDIS_URL: "redis://:redis@cache:6379",
    DASHBOARD_PASSWORD: "changeme",
  };
  const seen = (over: object) =>
    judgeSecrets({ ...settings, ...over }).map(({ check, severity }) => `${check} ${severity}`);
  expect(seen({})).toEqual(["secret_database_url ok", "secret_redis_url warning", "secret_dashboard_password warning"]);
  expect(seen({ NODE_ENV: "production", REDIS_URL: undefined })).toEqual([
    "secret_database_url ok",
    "secret_dashboard_password fatal",
  ]);
  expect(judgeSecrets({})).toEqual([]);
});
