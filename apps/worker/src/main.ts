import { judgeSecrets, refuseUnfit, systemClock } from "@millrace/core";
import {
  checkDatabase,
  connectDatabase,
  createChannelStore,
  createContentStore,
  createDeliveryStore,
  createExtractionStore,
  createJobStore,
  createQuotaStore,
  createWorkspaceStore,
} from "@millrace/db";
import { folderSpool, leaderTimings, stageProcesses, startWorker } from "@millrace/engine";
import { openBlobs } from "@millrace/providers";
import { connectQueue } from "@millrace/queue";
import { pino } from "pino";
import { describeConfig, readConfig, type WorkerConfig } from "./config.ts";
import { extractionRetentionChore } from "./extraction-retention-chore.ts";
import { startHealthServer } from "./health-server.ts";
import { openWorkFolder } from "./open-work-folder.ts";
import { purgeChore } from "./purge-chore.ts";
import { quotasChore } from "./quotas-chore.ts";
import { startSignOfLife } from "./sign-of-life.ts";
import { turnsChore } from "./turns-chore.ts";
import { wireAlerts } from "./wire-alerts.ts";
import { wireBatches } from "./wire-batches.ts";
import { wireCallbacks } from "./wire-callbacks.ts";
import { wireOutside } from "./wire-outside.ts";
import { wirePipelines } from "./wire-pipelines.ts";
import { workspaceRetentionChore } from "./workspace-retention-chore.ts";

/**
 * 0: everything finished. 2: stages were handed back unfinished. 1: something did not end in time, or the start failed.
 * 3: a lane could not be made to fetch any more; a new process should take this one's place.
 */
const EXIT = { clean: 0, late: 1, interrupted: 2, wedged: 3 } as const;

const WATCHDOG_EVERY_MS = 5_000;

/** A stage's process gets rid of a thread that ignores its abort; past this it goes itself. */
const ABORT_GRACE_MS = 5_000;

/** How long /ready waits for each store. */
const CHECK_MS = 2_000;

async function main(config: WorkerConfig): Promise<void> {
  const log = pino({ level: config.LOG_LEVEL, base: null });
  log.info(describeConfig(config), "worker starting");
  const db = connectDatabase({
    url: config.DATABASE_URL,
    maxConnections: config.DATABASE_CONNECTIONS,
    applicationName: "millrace-worker",
  });
  const store = createJobStore(db);
  const queue = await connectQueue(
    config.QUEUE_BACKEND === "redis" ? { redisUrl: config.REDIS_URL ?? "" } : { postgresUrl: config.DATABASE_URL },
    {
      prefix: config.QUEUE_PREFIX,
      role: "worker",
      log,
      timings: { lockMs: config.QUEUE_LOCK_MS, stalledCheckMs: config.QUEUE_STALLED_MS },
    },
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
  const extractions = createExtractionStore(db);
  const registry = await wirePipelines(config, {
    contents: createContentStore(db),
    batches: wireBatches({ extractions, store, queue, log, maxInFlight: config.EXTRACTION_BULK_IN_FLIGHT }),
    video: { db, log, workFolder: await openWorkFolder(config.WORK_DIR, log) },
  });
  const blobs = await openBlobs(config.BLOB_URL);
  const computing = stageProcesses({
    entry: new URL("./stage-process.js", import.meta.url),
    processes: config.LANES.cpu ?? 1,
    isWarm: config.LANES.cpu !== undefined,
    abortGraceMs: ABORT_GRACE_MS,
    log,
  });
  const worker = startWorker({
    store,
    queue,
    registry,
    clock: systemClock,
    random: Math.random,
    log,
    name: config.WORKER_NAME,
    lanes: config.LANES,
    runners: { cpu: computing },
    leaseMs: config.LEASE_MS,
    maxCrashes: config.MAX_CRASHES,
    leader: config.CAN_LEAD ? leaderTimings(config.LEASE_MS) : undefined,
    spools: [...(queue.spool ? [queue.spool] : []), folderSpool({ folder: config.SPOOL_DIR, log })],
    chores: [
      purgeChore(db, blobs, log),
      turnsChore(createChannelStore(db), log),
      quotasChore(createQuotaStore(db), log),
      extractionRetentionChore(extractions, blobs, log),
      wireAlerts(config, { db, log }),
      workspaceRetentionChore({
        workspaces: createWorkspaceStore(db),
        blobs,
        days: config.WORKSPACE_RETENTION_DAYS,
        clock: systemClock,
        log,
      }),
      ...wireOutside(config, { db, store, queue, registry, log }),
    ],
    watchdog: { everyMs: WATCHDOG_EVERY_MS, stallMs: config.WATCHDOG_MS },
    onWedged: (lane) => {
      stopOnce(`lane ${lane} is stuck`, EXIT.wedged);
    },
  });
  const signOfLife = startSignOfLife({ store, name: config.WORKER_NAME, log });
  const deliveries = config.CALLBACKS ? wireCallbacks(config, { store: createDeliveryStore(db), log }) : undefined;
  const check = async () => {
    const state = { ...worker.state(), ...(deliveries && { callbacks: deliveries.state() }) };
    const [postgres, redis] = await Promise.allSettled([store.ping(CHECK_MS), queue.ping(CHECK_MS)]);
    const isUp = (result: PromiseSettledResult<void>): string =>
      result.status === "fulfilled" ? "ok" : String(result.reason);
    const isConsuming = Object.values(state.lanes).every((lane) => lane.isConsuming);
    const areUp = postgres.status === "fulfilled" && redis.status === "fulfilled";
    const isReady = !state.isStopping && areUp && isConsuming;
    return { isReady, checks: { postgres: isUp(postgres), queue: isUp(redis), ...state } };
  };
  const health = await startHealthServer({ host: config.HOST, port: config.HEALTH_PORT, check });
  log.info({ lanes: config.LANES, health_port: health.port, queue: queue.backend }, "worker ready");
  process.send?.({ kind: "ready", port: health.port });

  const stop = async (why: string, code: number | undefined): Promise<void> => {
    log.info({ why }, "worker stopping");
    const limits = { softMs: config.SOFT_STOP_MS, hardMs: config.HARD_STOP_MS };
    // what a callback's attempt was broken off in, another worker repeats: no reason for an exit code
    const [{ interrupted, isClean }] = await Promise.all([worker.stop(limits), deliveries?.stop(limits)]);
    // whatever still hangs here must not keep a stopped worker alive
    setTimeout(() => process.exit(EXIT.late), config.HARD_STOP_MS).unref();
    await signOfLife.stop();
    await Promise.allSettled([computing.close(), queue.close(), db.close()]);
    health.server.close();
    process.exit(code ?? (isClean ? (interrupted > 0 ? EXIT.interrupted : EXIT.clean) : EXIT.late));
  };
  let isStopping = false;
  function stopOnce(why: string, code?: number): void {
    if (isStopping) return;
    isStopping = true;
    void stop(why, code);
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      stopOnce(signal);
    });
  }
  // a launcher that died cannot stop its worker any more
  process.on("disconnect", () => {
    stopOnce("the launcher is gone");
  });
}

try {
  await main(readConfig());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(EXIT.late);
}
