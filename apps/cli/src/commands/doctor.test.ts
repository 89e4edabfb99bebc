import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Finding } from "@millrace/core";
import { migrate } from "@millrace/db";
import { askRedis } from "@millrace/embedded";
import {
  createEmptyDatabase,
  type OwnPostgres,
  type OwnRedis,
  ownPostgres,
  ownRedis,
  swallowingProxy,
} from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli, spawnCli } from "../run-cli.fixture.ts";

let folder: string;
let postgres: OwnPostgres;
let redis: OwnRedis;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-doctor-"));
  [postgres, redis] = await Promise.all([ownPostgres(), ownRedis()]);
  await migrate(postgres.url());
});
afterAll(async () => {
  await Promise.all([postgres.remove(), redis.remove(), rm(folder, { recursive: true, force: true })]);
});

interface Report {
  readonly code: number | null;
  readonly status: Finding["severity"];
  readonly findings: readonly Finding[];
  of(check: string): Finding | undefined;
}

async function doctor(env: Readonly<Record<string, string>> = {}): Promise<Report> {
  const { code, stdout, stderr } = await runCli(["doctor", "--json"], {
    MILLRACE_DATA: folder,
    DATABASE_URL: postgres.url(),
    REDIS_URL: redis.url(),
    BLOB_URL: `file://${folder}/blobs`,
    ...env,
  });
  if (!stdout.startsWith("{")) throw new Error(`no report: ${stdout}${stderr}`);
  const { status, findings } = JSON.parse(stdout) as Pick<Report, "status" | "findings">;
  return { code, status, findings, of: (check) => findings.find((finding) => finding.check === check) };
}

const checks = (findings: readonly Finding[], severity: Finding["severity"]): string[] =>
  findings.filter((finding) => finding.severity === severity).map(({ check }) => check);

describe("millrace doctor", { timeout: 120_000 }, () => {
  test("finds nothing fatal on good stores, and warns that no worker leads", async () => {
    const report = await doctor();
    expect(checks(report.findings, "fatal")).toEqual([]);
    expect(report).toMatchObject({ code: 0, status: "warning" });
    expect(report.of("leader")).toMatchObject({ severity: "warning", fix: expect.stringContaining("CAN_LEAD") });
    for (const check of ["node_version", "blob_store", "tickets", "lane_io", "migrations", "postgres_durability"]) {
      expect(report.of(check), check).toMatchObject({ severity: "ok" });
    }
    for (const check of ["program_ffmpeg", "program_espeak_ng"]) expect(report.of(check)?.severity).toBe("ok");
    for (const { severity, fix, check } of report.findings) {
      if (severity !== "ok") expect(fix, check).toBeTruthy();
    }
  });

  test("shows a person a line per finding with what to do, and exits with 1 for a Redis that drops tickets", async () => {
    await askRedis(redis.url(), [["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]]);
    try {
      const env = { MILLRACE_DATA: folder, DATABASE_URL: postgres.url(), REDIS_URL: redis.url() };
      const { code, stdout } = await spawnCli(["doctor"], env);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^fatal {4}redis_eviction_policy .*allkeys-lru/m);
      expect(stdout).toMatch(/^ +→ .*noeviction/m);
      expect(stdout).toMatch(/^1 fatal, \d+ warning, \d+ ok$/m);
      expect(stdout).not.toContain(new URL(redis.url()).password);
    } finally {
      await askRedis(redis.url(), [["CONFIG", "SET", "maxmemory-policy", "noeviction"]]);
    }
  });

  test("names the migrations a database lacks, and asks nothing more of it", async () => {
    const empty = await createEmptyDatabase();
    try {
      const report = await doctor({ DATABASE_URL: empty.url });
      expect(report).toMatchObject({ code: 1, status: "fatal" });
      expect(report.of("migrations")).toMatchObject({
        severity: "fatal",
        message: expect.stringContaining("0000_tables"),
      });
      for (const check of ["work", "leader", "lanes", "tickets"]) expect(report.of(check), check).toBeUndefined();
    } finally {
      await empty.drop();
    }
  });

  test("stores that are away are findings like any other", async () => {
    await writeFile(join(folder, "a-file"), "");
    const report = await doctor({
      DATABASE_URL: "postgres://u:a-password-to-hide@127.0.0.1:1/x",
      REDIS_URL: "redis://:another-to-hide@127.0.0.1:1",
      BLOB_URL: `file://${folder}/a-file/blobs`,
    });
    expect(report).toMatchObject({ code: 1, status: "fatal" });
    expect(checks(report.findings, "fatal").sort()).toEqual(["blob_store", "postgres_reachable", "queue_reachable"]);
    expect(report.of("queue_reachable")?.message).toContain("connect ECONNREFUSED 127.0.0.1:1");
    expect(JSON.stringify(report.findings)).not.toContain("to-hide");
  });

  test("stores that take connections and never answer end it in bounded time", async () => {
    const silent = await Promise.all([swallowingProxy({ port: 1 }), swallowingProxy({ port: 1 })]);
    try {
      for (const proxy of silent) await proxy.set("swallow");
      const [first, second] = silent;
      const report = await doctor({
        DATABASE_URL: `postgres://u:p@127.0.0.1:${first.port}/x`,
        REDIS_URL: `redis://127.0.0.1:${second.port}`,
      });
      expect(checks(report.findings, "fatal").sort()).toEqual(["postgres_reachable", "queue_reachable"]);
    } finally {
      for (const proxy of silent) await proxy.close();
    }
  });

  test("a weak password is a warning, and fatal in production; it is not shown", async () => {
    const weak = { DASHBOARD_PASSWORD: "changeme" };
    expect((await doctor(weak)).of("secret_dashboard_password")?.severity).toBe("warning");
    const strict = await doctor({ ...weak, NODE_ENV: "production" });
    expect(strict.code).toBe(1);
    expect(strict.of("secret_dashboard_password")?.severity).toBe("fatal");
    expect(JSON.stringify(strict.findings)).not.toContain("changeme");
  });

  test("with nothing up and nothing set it looks at the machine, starts nothing, and says so", async () => {
    const { code, stdout } = await runCli(["doctor", "--json"], { MILLRACE_DATA: join(folder, "unused") });
    const { findings } = JSON.parse(stdout) as Pick<Report, "findings">;
    expect(code).toBe(0);
    expect(findings.find(({ check }) => check === "instance")).toMatchObject({
      severity: "warning",
      message: expect.stringContaining("DATABASE_URL and REDIS_URL are not set"),
    });
  });
});
