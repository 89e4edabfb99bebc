/** Whether `work` settled, either way, within `timeoutMs`. Never rejects. */
export async function settlesWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  const settled = work.then(
    () => true as const,
    () => true as const,
  );
  try {
    return await Promise.race([settled, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** `work`'s own result, or a rejection with `message` after `timeoutMs`. */
export async function within<T>(work: Promise<T>, timeoutMs: number, message: string): Promise<T> {
  if (await settlesWithin(work, timeoutMs)) return work;
  throw new Error(message);
}
