import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres, startRedis } from "@millrace/embedded";
import type { TestProject } from "vitest/node";
import { missing } from "./missing.ts";
import { REDIS_CACHE } from "./own-redis.ts";
import type {} from "./provided.ts";
import { stopWhenOrphaned } from "./stop-when-orphaned.ts";

const TEMPLATE = "millrace";

let stopEverything: (() => Promise<void>) | undefined;

function say(text: string): void {
  console.log(text);
}

async function migrateTemplate(url: string): Promise<void> {
  const { migrate } = await import("@millrace/db");
  await migrate(url);
}

async function startStores(folder: string) {
  const postgres = await startPostgres({ dataDir: join(folder, "postgres"), durable: false, onProgress: say });
  try {
    const redis = await startRedis({
      dataDir: join(folder, "redis"),
      cacheDir: REDIS_CACHE,
      durable: false,
      onProgress: say,
    });
    return { postgres, redis };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

/** One Postgres and one Redis for the whole run, in a folder that goes away with it. */
export async function setup(project: TestProject): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-test-"));
  await chmod(folder, 0o755);
  const watch = stopWhenOrphaned(folder);
  const { postgres, redis } = await startStores(folder);
  const stores = "unavailable" in redis ? [postgres] : [redis, postgres];
  stopEverything = async () => {
    for (const store of stores) await store.stop();
    await rm(folder, { recursive: true, force: true });
    watch.release();
  };
  try {
    const problem = "unavailable" in redis ? redis.unavailable : undefined;
    missing("redis", problem);
    await migrateTemplate(postgres.url);
    const admin = new URL(postgres.url);
    admin.pathname = "/postgres";
    project.provide("millraceAdminUrl", admin.toString());
    project.provide("millraceTemplate", TEMPLATE);
    project.provide("millraceRedisUrl", "unavailable" in redis ? undefined : redis.url);
    project.provide("millraceRedisProblem", problem);
  } catch (error) {
    await teardown();
    throw error;
  }
}

export async function teardown(): Promise<void> {
  await stopEverything?.();
  stopEverything = undefined;
}
