import type { LaneConsumer } from "@millrace/core";
import { type FetchLoop, type FetchLoopOptions, openFetchLoop } from "./fetch-loop.ts";

interface ConsumeLaneOptions extends Omit<FetchLoopOptions, "onFetch" | "onEnd"> {
  readonly concurrency: number;
}

/** Fetches tickets of one lane and does with each what `work` answers. */
export function consumeLane(options: ConsumeLaneOptions): LaneConsumer {
  const { lane, concurrency, log } = options;
  let isPaused = false;
  let closing: Promise<void> | undefined;
  /** Of the loop or of a moment from which it had something to do again: what lies before says nothing about it. */
  let lastFetchAt = performance.now();
  /** Loops that were replaced and still have tickets in hand. */
  const retired = new Set<FetchLoop>();

  const inHandOfRetired = (): number => [...retired].reduce((sum, loop) => sum + loop.inHand(), 0);
  const inHand = (): number => current.inHand() + inHandOfRetired();

  function open(): FetchLoop {
    const loop = openFetchLoop({
      ...options,
      onFetch() {
        if (loop === current) lastFetchAt = performance.now();
      },
      onEnd() {
        if (inHand() === concurrency - 1) lastFetchAt = performance.now();
        if (loop !== current) run();
      },
    });
    return loop;
  }

  /** The slots that retired loops do not hold are the current one's. */
  function run(): void {
    const width = concurrency - inHandOfRetired();
    if (!isPaused && closing === undefined && width > 0) current.run(width);
  }

  let current = open();
  run();

  return {
    lane,
    state: () => ({
      isPaused,
      inHand: inHand(),
      concurrency,
      msSinceFetch: Math.round(performance.now() - lastFetchAt),
    }),
    rebuild() {
      if (closing !== undefined) return;
      const old = current;
      log.warn({ lane, in_hand: inHand() }, "The lane's fetch loop is replaced by a new one");
      retired.add(old);
      current = open();
      void old.retire().finally(() => retired.delete(old));
      run();
    },
    async pause() {
      isPaused = true;
      await current.pause();
    },
    resume() {
      if (closing !== undefined || !isPaused) return;
      isPaused = false;
      lastFetchAt = performance.now();
      run();
    },
    close(timeoutMs) {
      isPaused = true;
      closing ??= Promise.all([current, ...retired].map((loop) => loop.close(timeoutMs))).then(() => {});
      return closing;
    },
  };
}
