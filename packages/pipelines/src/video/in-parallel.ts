import { MillraceError, type RetryAdvice } from "@millrace/core";

/**
 * So many at a time. After a failure nothing new begins; what has begun is waited for, since it is paid for. Throws the
 * failure that says most about what comes next.
 */
export async function inParallel<T>(items: readonly T[], most: number, act: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined && failures.length === 0; item = items[next++]) {
      try {
        await act(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(most, items.length)) }, work));
  if (failures.length > 0) throw mostTelling(failures);
}

/** A lost claim before all, then what no retry can mend, then what needs a longer wait. */
const TELLING: readonly RetryAdvice[] = ["stop", "never", "park", "once", "backoff"];

function mostTelling(failures: readonly unknown[]): unknown {
  const rank = (error: unknown): number =>
    error instanceof MillraceError ? TELLING.indexOf(error.retry) : TELLING.length;
  return failures.reduce((best, error) => (rank(error) < rank(best) ? error : best));
}
