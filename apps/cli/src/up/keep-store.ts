import { type EmbeddedStore, isAlive } from "@millrace/embedded";

const LOOK_EVERY_MS = 1_000;

export interface KeptStore {
  /** Stops the store, or the one that took its place. */
  stop(): Promise<void>;
}

/**
 * Starts a private store again when it ended by itself. It comes back at its old address with its data, so the programs,
 * which only saw an outage, go on. Tries for ever; each failure is told.
 */
export function keepStore(
  first: EmbeddedStore,
  startAgain: () => Promise<EmbeddedStore>,
  tell: (text: string) => void,
): KeptStore {
  let store = first;
  let isStopping = false;
  let look: Promise<void> = Promise.resolve();

  const lookAfter = async (): Promise<void> => {
    if (isStopping || (await isAlive(store.pid)) || isStopping) return;
    tell(`${store.how} ended unexpectedly; starting it again`);
    try {
      store = await startAgain();
    } catch (error) {
      tell(`${store.how} did not start: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const timer = setInterval(() => {
    look = look.then(lookAfter);
  }, LOOK_EVERY_MS);
  timer.unref();

  return {
    async stop() {
      isStopping = true;
      clearInterval(timer);
      await look;
      await store.stop();
    },
  };
}
