import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { judgeSecrets, refuseUnfit, systemClock } from "@millrace/core";
import {
  checkDatabase,
  connectDatabase,
  createAlertStore,
  createChannelStore,
  createExtractionStore,
  createJobStore,
  createKeyStore,
} from "@millrace/db";
import { openBlobs } from "@millrace/providers";
import { connectQueue } from "@millrace/queue";
import { pino } from "pino";
import { type DashboardConfig, describeConfig, readConfig } from "./config.ts";
import { createDashboard } from "./create-dashboard.ts";
import { wireTasks } from "./video/wire-tasks.ts";

/** Longest a stop may take. */
const STOP_MS = 3_000;

async function main(config: DashboardConfig): Promise<void> {
  const log = pino({ level: config.LOG_LEVEL, base: null });
  log.info(describeConfig(config), "dashboard starting");
  const db = connectDatabase({
    url: config.DATABASE_URL,
    maxConnections: config.DATABASE_CONNECTIONS,
    applicationName: "millrace-dashboard",
  });
  const queue = await connectQueue(
    config.QUEUE_BACKEND === "redis" ? { redisUrl: config.REDIS_URL ?? "" } : { postgresUrl: config.DATABASE_URL },
    { prefix: config.QUEUE_PREFIX, role: "producer", log },
  );
  await refuseUnfit({
    looks: {
      postgres: () => checkDatabase(db, { now: Date.now }),
      queue: async () => (await queue.checkServer()).findings,
    },
    findings: judgeSecrets(config),
    log,
    isOverridden: config.ALLOW_UNFIT,
  });
  const jobs = createJobStore(db);
  const app = createDashboard({
    jobs,
    ...wireTasks({ config, db, jobs, queue, clock: systemClock, log }),
    channels: createChannelStore(db),
    keys: createKeyStore(db),
    blobs: config.BLOB_URL === undefined ? null : await openBlobs(config.BLOB_URL),
    bulks: createExtractionStore(db),
    alerts: createAlertStore(db),
    queue,
    password: config.DASHBOARD_PASSWORD,
    version: readVersion(),
    clock: systemClock,
    log,
    trustedProxies: config.TRUSTED_PROXIES,
  });
  const server = createServer(app);
  server.listen(config.PORT, config.HOST, () => {
    const { port } = server.address() as AddressInfo;
    log.info({ url: `http://${config.HOST}:${port}` }, "dashboard ready");
    process.send?.({ kind: "ready", port });
  });
  server.on("error", (error) => fail(error));

  let isStopping = false;
  const stop = (why: string): void => {
    if (isStopping) return;
    isStopping = true;
    log.info({ why }, "dashboard stopping");
    setTimeout(() => process.exit(1), STOP_MS).unref();
    server.close();
    server.closeAllConnections();
    void Promise.allSettled([queue.close(), db.close()]).then(() => process.exit(0));
  };
  process.on("SIGINT", () => stop("SIGINT"));
  process.on("SIGTERM", () => stop("SIGTERM"));
  // a launcher that died cannot stop its dashboard any more
  process.on("disconnect", () => stop("the launcher is gone"));
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}

function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

try {
  await main(readConfig());
} catch (error) {
  fail(error);
}
