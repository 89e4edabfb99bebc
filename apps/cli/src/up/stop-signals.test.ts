import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createColour } from "../colour.ts";
import { listenForStop, type StopSignals } from "./stop-signals.ts";

let signals: StopSignals;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  signals = listenForStop({ colour: createColour(false), say: () => {}, warn: () => {} });
});
afterEach(() => {
  signals.release();
  vi.useRealTimers();
});

const press = (): boolean => process.emit("SIGINT", "SIGINT");

test("the first Ctrl-C asks for an orderly end; npm's echo of it does not ask for more", () => {
  press();
  vi.advanceTimersByTime(300);
  press();
  expect([signals.first.aborted, signals.second.aborted]).toEqual([true, false]);
});

test("a second Ctrl-C a moment later asks for an end at once", () => {
  press();
  vi.advanceTimersByTime(1_500);
  press();
  expect(signals.second.aborted).toBe(true);
});

test("SIGTERM is a request to stop as well, and nothing listens after release", () => {
  process.emit("SIGTERM", "SIGTERM");
  expect(signals.first.aborted).toBe(true);
  const before = process.listenerCount("SIGINT");
  signals.release();
  expect(process.listenerCount("SIGINT")).toBe(before - 1);
});
