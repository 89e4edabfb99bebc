import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askRedis, type EmbeddedStore, startRedis, waitForExit } from "@millrace/embedded";
import { stopWhenOrphaned } from "./stop-when-orphaned.ts";

/** Where a private copy of Redis is kept between runs: the project's data folder. */
export const REDIS_CACHE = fileURLToPath(new URL("../../../.millrace/cache", import.meta.url));

export interface OwnRedis {
  url(): string;
  flushAll(): Promise<void>;
  /** SIGKILL: nothing is written, connections break. */
  kill(): Promise<void>;
  /** Starts again on the same data and the same port. */
  restart(): Promise<void>;
  remove(): Promise<void>;
}

/** A Redis of a test's own, on disk as in normal use, for what the shared one must not suffer: FLUSHALL and kill -9. */
export async function ownRedis(): Promise<OwnRedis> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-redis-"));
  const watch = stopWhenOrphaned(folder);
  const start = async (): Promise<EmbeddedStore> => {
    const store = await startRedis({ dataDir: join(folder, "redis"), cacheDir: REDIS_CACHE });
    if ("unavailable" in store) throw new Error(`No Redis for tests: ${store.unavailable}`);
    return store;
  };
  let store = await start();
  return {
    url: () => store.url,
    async flushAll() {
      const [reply] = await askRedis(store.url, [["FLUSHALL"]]);
      if (reply instanceof Error) throw reply;
    },
    async kill() {
      process.kill(store.pid, "SIGKILL");
      await waitForExit(store.pid, 5_000);
    },
    async restart() {
      store = await start();
    },
    async remove() {
      await store.stop();
      await rm(folder, { recursive: true, force: true });
      watch.release();
    },
  };
}
