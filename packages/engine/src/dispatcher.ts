import { type JobStore, LANES, type Lane, type LaneSetting, type Log, type TicketQueue } from "@millrace/core";

/** Most tickets one tick gives to one lane: bounded statements, and cancels or priorities that arrive meanwhile still count. */
export const MAX_PER_TICK = 500;

/** How old a measurement of a lane may be before it is taken again. */
const REMEASURE_MS = 1_000;

export interface Dispatcher {
  /** One round over the lanes: measure, publish the room, dispatch what fits. Returns the tickets given. */
  tick(now: Date, settings: readonly LaneSetting[]): Promise<number>;
}

interface Measurement {
  readonly at: number;
  room: number;
}

/**
 * Moves backlog jobs whose time has come into the queue, up to each lane's window, and tells the APIs whether a lane
 * takes direct tickets. A queue that cannot be measured has no room: new jobs wait in the backlog until it is back.
 */
export function createDispatcher({ store, queue, log }: { store: JobStore; queue: TicketQueue; log: Log }): Dispatcher {
  const measured = new Map<Lane, Measurement>();

  const measure = async (setting: LaneSetting, now: number): Promise<Measurement> => {
    const last = measured.get(setting.lane);
    if (last !== undefined && now - last.at < REMEASURE_MS && last.room > 0) return last;
    let room = 0;
    try {
      const counts = await queue.counts(setting.lane);
      room = Math.max(0, setting.windowTickets - counts.waiting - counts.active - counts.delayed);
    } catch (error) {
      log.debug({ err: error, lane: setting.lane }, "lane not measured");
    }
    const measurement = { at: now, room };
    measured.set(setting.lane, measurement);
    await store.publishRoom(setting.lane, room > 0);
    return measurement;
  };

  const dispatchLane = async (setting: LaneSetting, now: number): Promise<number> => {
    const measurement = await measure(setting, now);
    if (setting.isPaused || measurement.room <= 0) return 0;
    const tickets = await store.dispatch(setting.lane, Math.min(measurement.room, MAX_PER_TICK));
    if (tickets.length === 0) return 0;
    measurement.room -= tickets.length;
    try {
      await queue.add(tickets);
    } catch (error) {
      log.warn(
        { err: error, lane: setting.lane, tickets: tickets.length },
        "dispatched tickets left to the reconciler",
      );
    }
    return tickets.length;
  };

  return {
    async tick(now, settings) {
      let given = 0;
      for (const lane of LANES) {
        const setting = settings.find((s) => s.lane === lane);
        if (setting !== undefined) given += await dispatchLane(setting, now.getTime());
      }
      return given;
    },
  };
}
