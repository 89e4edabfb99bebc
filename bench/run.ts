// End-to-end jobs per second, as ratios within one run: `npm run bench [-- --jobs 10000 --rounds 3]`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectDatabase, createKeyStore, migrate } from "@millrace/db";
import { startPostgres, startRedis } from "@millrace/embedded";
import postgres from "postgres";
import { bytesPerTicket } from "./bytes-per-ticket.ts";
import { type Running, runLoad, startServer, stopAll } from "./processes.ts";

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "10000" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "100" },
  },
});
const jobs = Number(values.jobs);
const connections = Number(values.connections);

interface Stores {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly apiKey: string;
}

/** How many jobs have finished, and when the last one did. */
type Progress = () => Promise<{ readonly finished: number; readonly lastAt: Date | null }>;

/** Every system gets its warm-up: compiled code, planned statements, open connections. */
const WARM_UP_SHARE = 0.5;

async function sendJobs(port: number, amount: number, run: string, apiKey: string) {
  const load = await runLoad({ port, amount, connections, run, apiKey });
  if (load.refused > 0) throw new Error(`${load.refused} of ${amount} requests were refused`);
  return load;
}

/** Jobs a second from the first request to the end of the last job. */
async function endToEnd(api: Running, apiKey: string, progress: Progress): Promise<number> {
  let expected = 0;
  const run = async (amount: number) => {
    expected += amount;
    const load = await sendJobs(api.port, amount, `${api.process.pid}-${expected}`, apiKey);
    for (;;) {
      const { finished, lastAt } = await progress();
      if (finished >= expected && lastAt !== null) return amount / ((lastAt.getTime() - load.started) / 1000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await run(Math.ceil(jobs * WARM_UP_SHARE));
  return run(jobs);
}

async function bare(): Promise<number> {
  const server = await startServer("bench/servers/bare.ts", {});
  try {
    await sendJobs(server.port, Math.ceil(jobs * WARM_UP_SHARE), "warm", "none");
    const load = await sendJobs(server.port, jobs * 2, "bare", "none");
    return (jobs * 2) / ((load.ended - load.started) / 1000);
  } finally {
    await stopAll([server]);
  }
}

async function naive(stores: Stores, sql: postgres.Sql): Promise<number> {
  const env = { DATABASE_URL: stores.databaseUrl, REDIS_URL: stores.redisUrl };
  const worker = await startServer("bench/servers/naive-worker.ts", env);
  const api = await startServer("bench/servers/naive-api.ts", env);
  try {
    return await endToEnd(api, stores.apiKey, async () => {
      const [row] = await sql<{ finished: number; lastAt: Date | null }[]>`
        SELECT count(*)::int AS finished, max(updated_at) AS "lastAt" FROM naive_jobs WHERE status = 'completed'`;
      return row ?? { finished: 0, lastAt: null };
    });
  } finally {
    await stopAll([api, worker]);
    await sql`TRUNCATE naive_jobs`;
  }
}

async function millrace(stores: Stores, sql: postgres.Sql): Promise<number> {
  const env = {
    DATABASE_URL: stores.databaseUrl,
    REDIS_URL: stores.redisUrl,
    BLOB_URL: `file://${join(tmpdir(), "millrace-bench-blobs")}`,
    PIPELINE_MODULES: "bench/pipelines/noop.mjs",
    LOG_LEVEL: "warn",
    RATE_LIMIT_PER_MINUTE: "0",
    PORT: "0",
    LANES: "io:400",
  };
  const worker = await startServer("apps/worker/dist/main.js", env);
  const api = await startServer("apps/api/dist/main.js", env);
  try {
    return await endToEnd(api, stores.apiKey, async () => {
      const [row] = await sql<{ finished: number; lastAt: Date | null }[]>`
        SELECT count(*)::int AS finished, max(finished_at) AS "lastAt" FROM pipeline_jobs WHERE status = 'completed'`;
      return row ?? { finished: 0, lastAt: null };
    });
  } finally {
    await stopAll([api, worker]);
    await sql`TRUNCATE pipeline_jobs CASCADE`;
    await sql`TRUNCATE job_events, job_stages`;
  }
}

const median = (numbers: number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const pg = await startPostgres({ dataDir: join(dataDir, "postgres") });
  const redis = await startRedis({
    dataDir: join(dataDir, "redis"),
    cacheDir: join(process.cwd(), ".millrace", "cache"),
  });
  if ("unavailable" in redis) throw new Error(`the benchmark needs a Redis: ${redis.unavailable}`);
  const sql = postgres(pg.url, { max: 2, onnotice: () => {} });
  try {
    await migrate(pg.url);
    await sql`CREATE TABLE naive_jobs (id uuid PRIMARY KEY, resource_key text NOT NULL, status text NOT NULL, stage int NOT NULL DEFAULT 0, input jsonb, result jsonb, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now())`;
    const db = connectDatabase({ url: pg.url, maxConnections: 2, applicationName: "bench" });
    const keys = createKeyStore(db);
    const owner = await keys.createOwner({ name: "bench" });
    const { key } = await keys.createApiKey({ ownerId: owner.id, name: "bench" });
    await db.close();
    const stores = { databaseUrl: pg.url, redisUrl: redis.url, apiKey: key };

    const rows: { bare: number; naive: number; millrace: number }[] = [];
    for (let round = 1; round <= Number(values.rounds); round++) {
      const row = {
        bare: await bare(),
        naive: await naive(stores, sql),
        millrace: await millrace(stores, sql),
      };
      rows.push(row);
      console.log(
        `round ${round}: bare ${row.bare.toFixed(0)} req/s, naive ${row.naive.toFixed(0)} jobs/s, millrace ${row.millrace.toFixed(0)} jobs/s, ` +
          `ratio to bare ${(row.millrace / row.bare).toFixed(2)}, to naive ${(row.millrace / row.naive).toFixed(2)}`,
      );
    }
    console.log(`median ratio to a bare endpoint: ${median(rows.map((r) => r.millrace / r.bare)).toFixed(2)}`);
    console.log(`median ratio to the naive path: ${median(rows.map((r) => r.millrace / r.naive)).toFixed(2)}`);
    console.log(`Redis bytes per waiting job: ${await bytesPerTicket(redis.url, 10_000)}`);
  } finally {
    await sql.end({ timeout: 5 });
    await redis.stop();
    await pg.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

await main();
