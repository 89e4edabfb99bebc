import { setTimeout as pause } from "node:timers/promises";
import type { JobStore, Log } from "@millrace/core";

/** Who renews nothing for so long is silent (C2.8). */
const SILENT_MS = 300_000;
const EVERY_MS = 20_000;
const GOOD_BYE_MS = 1_000;

/** Says every now and then that this worker lives; `stop` says good-bye, which a worker that died could not. */
export function startSignOfLife({
  store,
  name,
  log,
}: {
  readonly store: Pick<JobStore, "acquireLeadership" | "releaseLeadership">;
  readonly name: string;
  readonly log: Log;
}): { stop(): Promise<void> } {
  const lease = `worker:${name}`;
  const renew = (): Promise<unknown> =>
    store.acquireLeadership(lease, name, SILENT_MS).catch((error: unknown) => {
      log.debug({ err: error }, "no sign of life this time");
    });
  let last = renew();
  const timer = setInterval(() => {
    last = renew();
  }, EVERY_MS).unref();
  return {
    async stop() {
      clearInterval(timer);
      const goodBye = last.then(() => store.releaseLeadership(lease, name)).catch(() => {});
      // while Postgres is away nobody hears it
      await Promise.race([goodBye, pause(GOOD_BYE_MS, undefined, { ref: false })]);
    },
  };
}
