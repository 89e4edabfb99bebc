import type { Clock } from "@millrace/core";

interface Entry<T> {
  readonly value: Promise<T>;
  readonly staleAt: number;
}

export interface CacheOptions {
  readonly ttlMs: number;
  readonly maxEntries: number;
  readonly clock: Clock;
}

/**
 * Remembers answers for a short time; callers that ask for the same key meanwhile share one question. A rejected question
 * is not remembered. The oldest entries go first when it is full.
 */
export function cachedLookup<T>(
  lookUp: (key: string) => Promise<T>,
  { ttlMs, maxEntries, clock }: CacheOptions,
): (cacheKey: string, key: string) => Promise<T> {
  const entries = new Map<string, Entry<T>>();

  return (cacheKey, key) => {
    const now = clock.now().getTime();
    const known = entries.get(cacheKey);
    if (known && known.staleAt > now) return known.value;
    entries.delete(cacheKey);
    const oldest = entries.keys().next();
    if (entries.size >= maxEntries && !oldest.done) entries.delete(oldest.value);
    const value = lookUp(key);
    const entry = { value, staleAt: now + ttlMs };
    entries.set(cacheKey, entry);
    value.catch(() => {
      if (entries.get(cacheKey) === entry) entries.delete(cacheKey);
    });
    return value;
  };
}
