import { readFileSync } from "node:fs";
import { judgeSecrets, type Log, refuseUnfit, systemClock } from "@millrace/core";
import {
  checkDatabase,
  connectDatabase,
  createCallbackStore,
  createChannelStore,
  createContentStore,
  createExtractionStore,
  createJobStore,
  createKeyStore,
  createPermitStore,
  createQuotaStore,
  createReviewStore,
  type KeyStore,
  newId,
} from "@millrace/db";
import { createCancel, createSubmit } from "@millrace/engine";
import { loadPipelineModules, pipelineSpecs } from "@millrace/pipelines";
import { openBlobs } from "@millrace/providers";
import { connectQueue } from "@millrace/queue";
import { pino } from "pino";
import { openKeyRing } from "./auth/key-ring.ts";
import { findPrincipalIn, type Verifier } from "./auth/principal.ts";
import { signatureVerifier } from "./auth/signature-verifier.ts";
import { type ApiConfig, describeConfig, readConfig } from "./config.ts";
import { createApi } from "./create-api.ts";
import { listen } from "./listen.ts";
import { specsForRequests } from "./specs-for-requests.ts";
import { wireCallbacks } from "./wire-callbacks.ts";
import { videoSettings, wireVideo } from "./wire-video.ts";

/** 0: every request was answered. 1: some were cut off at the deadline, or the start failed. */
const EXIT = { clean: 0, late: 1 } as const;

/** Postgres ends a statement after the first; the second is when a silent connection is given up. */
const STATEMENT_MS = 7_000;
const QUERY_MS = 8_000;

/** How long closing the stores may take before the process leaves without them. */
const CLOSE_MS = 3_000;

async function main(config: ApiConfig): Promise<void> {
  const log = pino({ level: config.LOG_LEVEL, base: null });
  log.info(describeConfig(config), "api starting");
  const db = connectDatabase({
    url: config.DATABASE_URL,
    maxConnections: config.DATABASE_CONNECTIONS,
    statementTimeoutMs: STATEMENT_MS,
    queryTimeoutMs: QUERY_MS,
    applicationName: "millrace-api",
  });
  const store = createJobStore(db);
  const keys = createKeyStore(db);
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
  const own = await loadPipelineModules(config.PIPELINE_MODULES);
  const { specs: shipped } = pipelineSpecs({
    content: {
      analyserLane: config.ANALYSER === "local" ? "cpu" : "io",
      trackingParameters: config.TRACKING_PARAMETERS,
    },
    video: videoSettings(config),
  });
  const specs = specsForRequests([...shipped, ...own.map((pipeline) => pipeline.spec)]);
  const api = createApi({
    store,
    callbacks: wireCallbacks(config, createCallbackStore(db)),
    contents: createContentStore(db),
    extractions: createExtractionStore(db),
    channels: createChannelStore(db),
    quotas: createQuotaStore(db),
    permits: createPermitStore(db),
    reviews: createReviewStore(db),
    video: wireVideo(config, db),
    notion: { secret: config.NOTION_WEBHOOK_SECRET, signatureHeader: config.NOTION_SIGNATURE_HEADER },
    findPrincipal: findPrincipalIn(keys),
    otherVerifiers: await signatureVerifiers(config, keys, log),
    audit: keys.recordAudit,
    queue,
    submit: createSubmit({ store, queue, specs, log, clock: systemClock, newId }),
    cancel: createCancel({ store, queue, log }),
    specs,
    blobs: await openBlobs(config.BLOB_URL),
    clock: systemClock,
    log,
    newId,
    build: { appVersion: readVersion(), gitSha: config.GIT_SHA, buildDate: config.BUILD_DATE },
    limits: {
      maxUploadBytes: config.MAX_UPLOAD_BYTES,
      maxTranscriptBytes: config.MAX_TRANSCRIPT_BYTES,
      maxExtractionBytes: config.EXTRACTION_MAX_BYTES,
      maxBulkCallFiles: config.MAX_BULK_CALL_FILES,
      maxBulkFiles: config.MAX_BULK_FILES,
      maxJsonBytes: config.MAX_JSON_BYTES,
      requestsPerMinute: config.RATE_LIMIT_PER_MINUTE,
    },
    settleMs: 2 * QUERY_MS,
  });
  const server = await listen(api, { host: config.HOST, port: config.PORT });
  log.info({ host: config.HOST, port: server.port, queue: queue.backend }, "api ready");
  process.send?.({ kind: "ready", port: server.port });

  const stop = async (why: string): Promise<void> => {
    log.info({ why }, "api stopping");
    const isClean = await server.stop(config.STOP_TIMEOUT_MS);
    setTimeout(() => process.exit(EXIT.late), CLOSE_MS).unref();
    await Promise.allSettled([queue.close(), db.close()]);
    log.info({ is_clean: isClean }, "api stopped");
    process.exit(isClean ? EXIT.clean : EXIT.late);
  };
  stopOnceOn(stop);
}

/** Signed requests, when there are keys for them; SIGHUP reads the keys again. */
async function signatureVerifiers(
  { AUTHORIZED_KEYS: path, PUBLIC_URL: publicUrl }: ApiConfig,
  { findOwner }: Pick<KeyStore, "findOwner">,
  log: Log,
): Promise<Verifier[]> {
  if (path === undefined) return [];
  const ring = await openKeyRing({ path, log });
  process.on("SIGHUP", () => void ring.reload());
  return [signatureVerifier({ findKey: ring.find, findOwner, clock: systemClock, publicUrl })];
}

/** The first signal stops the process in order; a launcher that died cannot send one. */
function stopOnceOn(stop: (why: string) => Promise<void>): void {
  let isStopping = false;
  const stopOnce = (why: string): void => {
    if (isStopping) return;
    isStopping = true;
    void stop(why);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      stopOnce(signal);
    });
  }
  process.on("disconnect", () => {
    stopOnce("the launcher is gone");
  });
}

function readVersion(): string {
  const file = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { version: string }).version;
}

try {
  await main(readConfig());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(EXIT.late);
}
