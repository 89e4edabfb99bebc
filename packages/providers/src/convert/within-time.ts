import { createContext, Script } from "node:vm";

const room = createContext({ act: undefined as (() => void) | undefined });
const call = new Script("act()");

const TIMEOUT_CODE = "ERR_SCRIPT_EXECUTION_TIMEOUT";

/** True for the error that `withinTime` throws when the time is up. */
export function isOutOfTime(error: unknown): boolean {
  // not an instance of this realm's Error: it was made in the room
  return typeof error === "object" && error !== null && "code" in error && error.code === TIMEOUT_CODE;
}

/**
 * Runs synchronous work and throws when it takes longer than `limitMs`. V8's watchdog stops the thread's JavaScript
 * wherever it is, so a parser that went quadratic on hostile input is stopped too; `finally` blocks inside `act` do not
 * run then, so it must own everything it changes.
 */
export function withinTime<T>(limitMs: number, act: () => T): T {
  const box: { result?: T; error?: unknown; isThrown?: boolean } = {};
  room["act"] = () => {
    // caught here because an error made inside `act` must not cross the context with a half-lost stack
    try {
      box.result = act();
    } catch (error) {
      box.isThrown = true;
      box.error = error;
    }
  };
  try {
    call.runInContext(room, { timeout: limitMs });
  } finally {
    room["act"] = undefined;
  }
  if (box.isThrown) throw box.error;
  return box.result as T;
}
