import { describe, expect, it } from "vitest";
import { storeUnderTest } from "../job-store.fixture.ts";

const t = storeUnderTest();

describe("lane settings", () => {
  it("start closed, with a window of 10,000 tickets, and open when the leader says so", async () => {
    expect(await t.store.laneSettings()).toEqual(
      ["cpu", "io", "media"].map((lane) => ({ lane, isPaused: false, windowTickets: 10_000, hasRoom: false })),
    );
    await t.store.publishRoom("io", true);
    expect((await t.store.laneSettings()).filter(({ hasRoom }) => hasRoom).map(({ lane }) => lane)).toEqual(["io"]);
    await t.store.publishRoom("io", false);
    expect((await t.store.laneSettings()).some(({ hasRoom }) => hasRoom)).toBe(false);
  });

  it("close when the leader has not measured for 10 seconds", async () => {
    await t.store.publishRoom("cpu", true);
    await t.db.query("update queue_settings set measured_at = now() - interval '11 seconds' where lane = $1", ["cpu"]);
    expect((await t.store.laneSettings()).find(({ lane }) => lane === "cpu")?.hasRoom).toBe(false);
  });
});
