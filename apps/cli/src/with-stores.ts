import { join } from "node:path";
import { type JobStore, silentLog } from "@millrace/core";
import { checkDatabase, createJobStore, createKeyStore, type Database, type KeyStore } from "@millrace/db";
import { startRedis } from "@millrace/embedded";
import { type ConnectedQueue, connectQueue, type QueueAddress } from "@millrace/queue";
import type { CliConfig } from "./config.ts";
import type { Terminal } from "./terminal.ts";
import { connectForCli, withDatabaseUrl } from "./with-database.ts";

export interface CliStores {
  readonly store: JobStore;
  readonly keys: KeyStore;
  readonly queue: ConnectedQueue;
}

/** Record and queue, of the settings or else the private ones, which are started for as long as they are needed. */
export function withStores<T>(
  config: CliConfig,
  terminal: Terminal,
  use: (stores: CliStores) => Promise<T>,
): Promise<T> {
  return withDatabaseUrl(config, terminal, (databaseUrl) =>
    withQueueAddress(config, databaseUrl, terminal, async (address) => {
      const db = connectForCli(databaseUrl);
      try {
        await refuseOldSchema(db);
        const queue = await connectQueue(address, { prefix: config.QUEUE_PREFIX, role: "producer", log: silentLog });
        try {
          return await use({ store: createJobStore(db), keys: createKeyStore(db), queue });
        } finally {
          await queue.close();
        }
      } finally {
        await db.close();
      }
    }),
  );
}

/** A look at what is there must not bring a database to another schema on the way. */
async function refuseOldSchema(db: Database): Promise<void> {
  const findings = await checkDatabase(db, { now: Date.now });
  const missing = findings.find(({ check, severity }) => check === "migrations" && severity === "fatal");
  if (missing !== undefined) throw new Error([missing.message, missing.fix].join(". "));
}

async function withQueueAddress<T>(
  config: CliConfig,
  databaseUrl: string,
  { warn }: Terminal,
  use: (address: QueueAddress) => Promise<T>,
): Promise<T> {
  if (config.QUEUE_BACKEND === "postgres") return use({ postgresUrl: databaseUrl });
  if (config.REDIS_URL !== undefined) return use({ redisUrl: config.REDIS_URL });
  const store = await startRedis({
    dataDir: join(config.dataDir, "redis"),
    cacheDir: join(config.dataDir, "cache"),
    onProgress: (text) => warn(`${text} …`),
  });
  // npm start does the same where no Redis can be had
  if ("unavailable" in store) return use({ postgresUrl: databaseUrl });
  try {
    return await use({ redisUrl: store.url });
  } finally {
    if (!store.adopted) await store.stop();
  }
}
