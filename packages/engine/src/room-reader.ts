import type { Clock, JobStore, Lane, Log } from "@millrace/core";

/** How stale the leader's word about a lane's room may be (DESIGN: re-read at most every 250 ms). */
const REREAD_MS = 250;

export interface RoomReader {
  /** Whether a lane takes direct tickets now; false sends new jobs to the backlog, which is always safe. */
  hasRoom(lane: Lane): Promise<boolean>;
}

/** Reads the flags the leader publishes; only the first call waits for Postgres, later ones use the last answer meanwhile. */
export function createRoomReader({ store, clock, log }: { store: JobStore; clock: Clock; log: Log }): RoomReader {
  let open: ReadonlySet<Lane> = new Set();
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  const read = async (): Promise<void> => {
    try {
      const settings = await store.laneSettings();
      open = new Set(settings.filter((s) => s.hasRoom && !s.isPaused).map((s) => s.lane));
    } catch (error) {
      log.debug({ err: error }, "lane settings not read");
    } finally {
      readAt = clock.now().getTime();
      reading = undefined;
    }
  };

  return {
    async hasRoom(lane) {
      const isFirst = readAt === Number.NEGATIVE_INFINITY;
      if (reading === undefined && clock.now().getTime() - readAt >= REREAD_MS) reading = read();
      if (isFirst) await reading;
      return open.has(lane);
    },
  };
}
