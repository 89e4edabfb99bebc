/** Answered in one piece by Redis in about 20 ms, so that a large batch does not hold up the others. */
const MAX_BATCH = 1_000;

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Writes items in batches without a waiting window: what arrives while a batch is under way forms the next one. Each
 * caller waits for its own batch only; when a batch fails, everyone in it is told.
 */
export function batchWriter<Item>(write: (batch: readonly Item[]) => Promise<unknown>): (item: Item) => Promise<void> {
  const waiting: Waiting<Item>[] = [];
  let isWriting = false;

  async function writeAll(): Promise<void> {
    isWriting = true;
    // Callers of this very tick share the first batch.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH);
      try {
        await write(batch.map((entry) => entry.item));
        for (const entry of batch) entry.resolve();
      } catch (error) {
        for (const entry of batch) entry.reject(error);
      }
    }
    isWriting = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!isWriting) void writeAll();
    });
}
