import type { Terminal } from "../terminal.ts";

/** npm repeats the terminal's Ctrl-C to us; that is still the first one. */
const SAME_PRESS_MS = 1_000;

export interface StopSignals {
  /** Aborts with the first request to stop. */
  readonly first: AbortSignal;
  /** Aborts with the second. */
  readonly second: AbortSignal;
  release(): void;
}

/** The first Ctrl-C asks for an orderly end, a second one for an end now. */
export function listenForStop(terminal: Terminal): StopSignals {
  const first = new AbortController();
  const second = new AbortController();
  let firstAt = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    if (!first.signal.aborted) {
      firstAt = performance.now();
      terminal.say(`\nStopping (${name}): running stages may finish. Press Ctrl-C again to end at once.`);
      first.abort(new Error("stopped"));
      return;
    }
    if (second.signal.aborted || performance.now() - firstAt < SAME_PRESS_MS) return;
    terminal.warn("Ending at once");
    second.abort(new Error("ended at once"));
  };
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, onSignal);
  return {
    first: first.signal,
    second: second.signal,
    release() {
      for (const name of names) process.removeListener(name, onSignal);
    },
  };
}
