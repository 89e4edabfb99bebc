import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectDatabase, createKeyStore, migrate } from "@millrace/db";
import { startPostgres, startRedis } from "@millrace/embedded";
import postgres from "postgres";
import { type Running, startServer, stopAll } from "../processes.ts";

/** An API and its stores; workers are started by the caller. */
export async function startDeployment() {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const pg = await startPostgres({ dataDir: join(folder, "postgres") });
  const redis = await startRedis({
    dataDir: join(folder, "redis"),
    cacheDir: join(process.cwd(), ".millrace", "cache"),
  });
  if ("unavailable" in redis) throw new Error(`the benchmark needs a Redis: ${redis.unavailable}`);
  await migrate(pg.url);
  const db = connectDatabase({ url: pg.url, maxConnections: 2, applicationName: "bench" });
  const keys = createKeyStore(db);
  const owner = await keys.createOwner({ name: "bench" });
  const { key } = await keys.createApiKey({ ownerId: owner.id, name: "bench" });
  await db.close();
  const sql = postgres(pg.url, { max: 2, onnotice: () => {} });
  const env = {
    DATABASE_URL: pg.url,
    REDIS_URL: redis.url,
    BLOB_URL: `file://${join(folder, "blobs")}`,
    SPOOL_DIR: join(folder, "spool"),
    LOG_LEVEL: "error",
    ALLOW_UNFIT: "true",
    RATE_LIMIT_PER_MINUTE: "0",
    MAX_BULK_CALL_FILES: "1000",
    LEASE_MS: "3000",
    PORT: "0",
  };
  const api = await startServer("apps/api/dist/main.js", env);
  const running: Running[] = [api];

  return {
    sql,
    async startWorker(): Promise<Running> {
      const worker = await startServer("apps/worker/dist/main.js", { ...env, WORKER_NAME: `w${running.length}` });
      running.push(worker);
      return worker;
    },
    // biome-ignore lint/suspicious/noExplicitAny: the answer is read field by field
    async call(method: string, path: string, body?: FormData | object): Promise<any> {
      const isForm = body instanceof FormData;
      const response = await fetch(`http://127.0.0.1:${api.port}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body !== undefined && !isForm && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
      });
      const answer = await response.json();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
      return answer;
    },
    async close(): Promise<void> {
      await stopAll(running);
      await sql.end({ timeout: 5 });
      await redis.stop();
      await pg.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type Deployment = Awaited<ReturnType<typeof startDeployment>>;
