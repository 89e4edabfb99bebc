import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedStore, startPostgres, waitForExit } from "@millrace/embedded";
import { stopWhenOrphaned } from "./stop-when-orphaned.ts";

export interface OwnPostgres {
  url(): string;
  /** SIGKILL of the server process: the next start recovers from its log. */
  kill(): Promise<void>;
  /** The polite end: sessions are closed, clients see it. */
  stop(): Promise<void>;
  /** Starts again on the same data and the same port. */
  restart(): Promise<void>;
  remove(): Promise<void>;
}

/** A durable, empty Postgres of a test's own, for what the shared one must not suffer. Takes about a second. */
export async function ownPostgres(): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-postgres-"));
  await chmod(folder, 0o755);
  const watch = stopWhenOrphaned(folder);
  const start = (): Promise<EmbeddedStore> => startPostgres({ dataDir: join(folder, "postgres") });
  let store = await start();
  return {
    url: () => store.url,
    async kill() {
      process.kill(store.pid, "SIGKILL");
      await waitForExit(store.pid, 5_000);
    },
    stop: () => store.stop(),
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
