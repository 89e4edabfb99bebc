import { setTimeout as pause } from "node:timers/promises";

export interface UntilOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  /** What is waited for, in words: the failure says it. A function is asked at the end and can show the last state. */
  readonly message?: string | (() => string);
}

/**
 * Asks again and again until the answer is truthy, and returns it. An error counts as "not yet"; after the deadline
 * (10 s unless told) the last one is the failure's cause.
 */
export async function until<T>(ask: () => T | Promise<T>, options: UntilOptions = {}): Promise<NonNullable<T>> {
  const { timeoutMs = 10_000, everyMs = 10, message = "the condition" } = options;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) {
      const text = typeof message === "function" ? message() : message;
      throw new Error(`Waited ${timeoutMs} ms in vain for ${text}`, { cause: lastError });
    }
    await pause(everyMs);
  }
}
