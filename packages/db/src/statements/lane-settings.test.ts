import type { Lane, LaneChange } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { storeUnderTest } from "../job-store.fixture.ts";

const t = storeUnderTest();

const UNLIMITED = { isPaused: false, concurrency: null, rateLimit: null, windowTickets: 10_000, hasRoom: false };

const settingOf = async (lane: Lane) => (await t.store.laneSettings()).find((setting) => setting.lane === lane);

describe("lane settings", () => {
  it("start closed and without limits, with a window of 10,000 tickets, and open when the leader says so", async () => {
    expect(await t.store.laneSettings()).toEqual(["cpu", "io", "media"].map((lane) => ({ lane, ...UNLIMITED })));
    await t.store.publishRoom("io", true);
    expect((await t.store.laneSettings()).filter(({ hasRoom }) => hasRoom).map(({ lane }) => lane)).toEqual(["io"]);
    await t.store.publishRoom("io", false);
    expect((await t.store.laneSettings()).some(({ hasRoom }) => hasRoom)).toBe(false);
  });

  it("close when the leader has not measured for 10 seconds", async () => {
    await t.store.publishRoom("cpu", true);
    await t.db.query("update queue_settings set measured_at = now() - interval '11 seconds' where lane = $1", ["cpu"]);
    expect((await settingOf("cpu"))?.hasRoom).toBe(false);
  });

  it("take what a change names, keep the rest, and answer with all of it", async () => {
    const limits = { concurrency: 7, rateLimit: { max: 5, durationMs: 60_000 } };
    expect(await t.store.changeLane("media", { isPaused: true, ...limits })).toEqual({
      lane: "media",
      ...UNLIMITED,
      isPaused: true,
      ...limits,
    });
    await t.store.changeLane("media", { isPaused: false, windowTickets: 50 });
    expect(await settingOf("media")).toEqual({ lane: "media", ...UNLIMITED, ...limits, windowTickets: 50 });
    const before = await settingOf("media");
    expect(await t.store.changeLane("media", {})).toEqual(before);
    await t.store.changeLane("media", { concurrency: null, rateLimit: null });
    expect(await settingOf("media")).toEqual({ lane: "media", ...UNLIMITED, windowTickets: 50 });
    expect((await settingOf("io"))?.windowTickets).toBe(10_000);
  });

  it("do not lose what the leader measured, and are made where a lane has none yet", async () => {
    await t.store.publishRoom("io", true);
    expect(await t.store.changeLane("io", { concurrency: 3 })).toMatchObject({ hasRoom: true, concurrency: 3 });
    await t.db.query("delete from queue_settings where lane = $1", ["io"]);
    expect(await t.store.changeLane("io", { isPaused: true })).toEqual({ lane: "io", ...UNLIMITED, isPaused: true });
  });

  it("refuse what is no whole number of at least 1, naming the field, and change nothing then", async () => {
    const refused: [LaneChange, string | undefined][] = [
      [{ concurrency: 0 }, "concurrency"],
      [{ concurrency: -1 }, "concurrency"],
      [{ concurrency: 1.5 }, undefined],
      [{ concurrency: 3e9 }, undefined],
      [{ windowTickets: 0 }, "window_tickets"],
      ...[0, -1, 1.5, 3e9, Number.NaN, "5" as never, [5] as never, undefined as never].flatMap(
        (no): [LaneChange, string][] => [
          [{ rateLimit: { max: no, durationMs: 1_000 } }, "rate_limit"],
          [{ rateLimit: { max: 1, durationMs: no } }, "rate_limit"],
        ],
      ),
    ];
    const before = await settingOf("cpu");
    for (const [change, field] of refused) {
      await expect(
        t.store.changeLane("cpu", { isPaused: true, ...change }),
        JSON.stringify(change),
      ).rejects.toMatchObject({
        code: "VALIDATION_FAILED",
        details: field === undefined ? {} : { field },
      });
    }
    expect(await settingOf("cpu")).toEqual(before);
  });
});
