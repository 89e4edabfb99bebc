import { type JobStore, type LaneSetting, StoreUnavailableError, silentLog } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { createRoomReader } from "./room-reader.ts";

function readerWith(read: () => Promise<LaneSetting[]>) {
  let ms = 1_000_000;
  const clock = { now: () => new Date(ms) };
  const reader = createRoomReader({ store: { laneSettings: read } as unknown as JobStore, clock, log: silentLog });
  return {
    reader,
    pass: (by: number) => {
      ms += by;
    },
  };
}
const setting = (hasRoom: boolean, isPaused = false): LaneSetting => ({
  lane: "io",
  hasRoom,
  isPaused,
  windowTickets: 10,
  concurrency: null,
  rateLimit: null,
});

describe("createRoomReader", () => {
  it("reads once for many submissions and again after 250 ms, answering with the last word meanwhile", async () => {
    let reads = 0;
    const { reader, pass } = readerWith(async () => [setting(++reads === 1)]);
    expect(await Promise.all([reader.hasRoom("io"), reader.hasRoom("io")])).toEqual([true, true]);
    pass(249);
    expect(await reader.hasRoom("io")).toBe(true);
    expect(reads).toBe(1);
    pass(1);
    expect(await reader.hasRoom("io")).toBe(true);
    expect(reads).toBe(2);
    expect(await reader.hasRoom("io")).toBe(false);
  });

  it("has no room in a paused lane, an unknown lane, or while nothing could be read", async () => {
    expect(await readerWith(async () => [setting(true, true)]).reader.hasRoom("io")).toBe(false);
    expect(await readerWith(async () => [setting(true)]).reader.hasRoom("cpu")).toBe(false);
    expect(await readerWith(() => Promise.reject(new StoreUnavailableError("away"))).reader.hasRoom("io")).toBe(false);
  });
});
