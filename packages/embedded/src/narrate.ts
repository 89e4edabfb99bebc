/** Receives one line of text about work that takes long enough for a person to wonder. */
export type OnProgress = (text: string) => void;

const QUIET_MS = 1_500;

/** Waits for the work; says what is going on once it has taken longer than a person waits without asking. */
export async function narrate<T>(onProgress: OnProgress | undefined, text: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => onProgress?.(text), QUIET_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
