import { StoreUnavailableError } from "@millrace/core";
import type { OpenSockets } from "./open-sockets.ts";
import type { Slots } from "./slots.ts";
import { isOutage } from "./store-error.ts";

interface Limits {
  readonly pool: Slots;
  readonly sockets: OpenSockets;
  /** The caller waits this long at most, for a slot and for the answer together. */
  readonly limitMs: number;
  /** A connection that reads nothing for this long, while work is overdue, is cut. */
  readonly silenceMs: number;
}

/**
 * Runs `work` when the pool has a slot for it and gives up after `limitMs`. Work given up on keeps its slot until it
 * ends; to make sure it does, silent connections are cut, again and again until it has ended.
 */
export function withTimeLimit<T>(limits: Limits, work: () => PromiseLike<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const { pool, sockets, limitMs, silenceMs } = limits;
    let timer: NodeJS.Timeout;
    let isRunning = false;
    let isEnded = false;

    function watch(isOverdue: boolean): void {
      const before = sockets.readCounts();
      const waitMs = isOverdue ? silenceMs : Math.min(limitMs, silenceMs);
      timer = setTimeout(() => {
        if (!isOverdue) {
          leave();
          reject(new StoreUnavailableError(`Postgres did not answer within ${limitMs} ms`));
        }
        if (!isRunning || isEnded) return;
        if (waitMs >= silenceMs) sockets.destroySilent(before);
        watch(true);
      }, waitMs);
    }

    function end(release: () => void): void {
      isEnded = true;
      clearTimeout(timer);
      release();
    }

    async function run(release: () => void): Promise<void> {
      isRunning = true;
      try {
        resolve(await work());
        end(release);
      } catch (error) {
        reject(error);
        // a connection that broke is offered to the next caller until its `close` event: let that pass first
        if (isOutage(error)) setImmediate(() => setImmediate(() => end(release)));
        else end(release);
      }
    }

    timer = setTimeout(watch, Math.max(0, limitMs - silenceMs), false);
    const leave = pool.take((release) => void run(release));
  });
}
