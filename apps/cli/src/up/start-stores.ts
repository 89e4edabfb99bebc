import { join } from "node:path";
import { type OnProgress, startPostgres, startRedis } from "@millrace/embedded";
import type { CliConfig } from "../config.ts";
import { keepStore } from "./keep-store.ts";

export interface Stores {
  readonly databaseUrl: string;
  /** Undefined: the queue runs on Postgres. */
  readonly redisUrl: string | undefined;
  /** One phrase for each, for a person. */
  readonly how: readonly string[];
  /** Stops those that are ours. */
  stop(): Promise<void>;
}

type Settings = Pick<CliConfig, "DATABASE_URL" | "REDIS_URL" | "QUEUE_BACKEND" | "dataDir">;

interface Store {
  readonly url: string | undefined;
  readonly how: string;
  readonly stop?: () => Promise<void>;
}

async function database({ DATABASE_URL, dataDir }: Settings, onProgress: OnProgress): Promise<Store> {
  if (DATABASE_URL !== undefined) return { url: DATABASE_URL, how: "Postgres at DATABASE_URL" };
  const start = () => startPostgres({ dataDir: join(dataDir, "postgres"), onProgress });
  const store = await start();
  const { stop } = keepStore(store, start, onProgress);
  return { url: store.url, stop, how: store.adopted ? `${store.how}, still running from before` : store.how };
}

async function redis(settings: Settings, onProgress: OnProgress): Promise<Store> {
  if (settings.QUEUE_BACKEND === "postgres") return { url: undefined, how: "queue on Postgres" };
  if (settings.REDIS_URL !== undefined) return { url: settings.REDIS_URL, how: "Redis at REDIS_URL" };
  const { dataDir } = settings;
  const start = () => startRedis({ dataDir: join(dataDir, "redis"), cacheDir: join(dataDir, "cache"), onProgress });
  const store = await start();
  if ("unavailable" in store) {
    onProgress(
      `No Redis here (${store.unavailable}): the queue runs on Postgres, which is slower. Production uses Redis.`,
    );
    return { url: undefined, how: "queue on Postgres" };
  }
  const startAgain = async () => {
    const again = await start();
    if ("unavailable" in again) throw new Error(again.unavailable);
    return again;
  };
  const { stop } = keepStore(store, startAgain, onProgress);
  return { url: store.url, stop, how: store.adopted ? `${store.how}, still running from before` : store.how };
}

/** The order of preference: what the settings name, then what is ours. */
export async function startStores(settings: Settings, onProgress: OnProgress): Promise<Stores> {
  const results = await Promise.allSettled([database(settings, onProgress), redis(settings, onProgress)]);
  const started = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const stop = async (): Promise<void> => {
    for (const store of started.toReversed()) await store.stop?.();
  };
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const [first, second] = started;
  if (first?.url === undefined) throw new Error("no Postgres");
  return { databaseUrl: first.url, redisUrl: second?.url, how: started.map(({ how }) => how), stop };
}
