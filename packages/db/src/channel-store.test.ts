import { type NewJob, PRIORITIES, retryLater } from "@millrace/core";
import { beforeEach, describe, expect, it } from "vitest";
import { createChannelStore } from "./channel-store.ts";
import { claimed, newJob, settle, storeUnderTest, submitted } from "./job-store.fixture.ts";
import { newId } from "./new-id.ts";

const t = storeUnderTest();
const channels = () => createChannelStore(t.db);

beforeEach(async () => {
  await t.db.query("delete from pipeline_jobs where $1 = 1", [1]);
  await t.db.query("delete from channels where $1 = 1", [1]);
});

const inLine = async (overrides: Partial<NewJob>): Promise<string> =>
  (await submitted(t.store, newJob(t.ownerId, { isDispatched: false, ...overrides }))).jobId;

describe("channels", () => {
  it("are ordinary until set; what is left out of a change stays (C-Q06)", async () => {
    const [busy, set] = [newId(), newId()];
    await inLine({ channelId: busy });
    await inLine({ channelId: busy, priority: "low", lane: "cpu" });
    await inLine({ channelId: null });
    await submitted(t.store, newJob(t.ownerId, { channelId: busy }));
    const ordinary = { weight: 1, maxInFlight: null, isActive: true };
    expect(await channels().changeChannel(set, { weight: 2.5, maxInFlight: 3 })).toMatchObject({
      weight: 2.5,
      maxInFlight: 3,
    });
    expect(await channels().changeChannel(set, { isActive: false })).toMatchObject({ weight: 2.5, maxInFlight: 3 });
    expect(await channels().changeChannel(set, { maxInFlight: null })).toMatchObject({
      maxInFlight: null,
      isActive: false,
    });
    expect(await channels().listChannels(10)).toEqual([
      { id: busy, ...ordinary, waiting: 2, inFlight: 1 },
      { id: set, weight: 2.5, maxInFlight: null, isActive: false, waiting: 0, inFlight: 0 },
    ]);
    expect(await channels().listChannels(1)).toHaveLength(1);
    expect(await channels().findChannel(busy)).toMatchObject({ waiting: 2, inFlight: 1 });
    await expect(channels().changeChannel(set, { weight: 101 })).rejects.toThrow("ck_channels_weight");
    await expect(channels().changeChannel("00000000-0000-0000-0000-000000000000", {})).rejects.toThrow(
      "ck_channels_id",
    );
  });
});

describe("the place in line", () => {
  it("is the number of picks that come first, whatever the weights, caps and priorities", async () => {
    const ids = Array.from({ length: 5 }, () => newId());
    await channels().changeChannel(ids[0]!, { weight: 3 });
    await channels().changeChannel(ids[1]!, { weight: 0.5 });
    await channels().changeChannel(ids[2]!, { maxInFlight: 4 });
    await channels().changeChannel(ids[3]!, { isActive: false });
    for (let i = 0; i < 150; i++) {
      const channelId = ids[(i * 7 + (i % 3)) % 5]!;
      // under a cap a channel's jobs of one priority would leave fewer places to those of the next
      const priority = channelId === ids[2] ? "normal" : i % 10 === 0 ? "high" : PRIORITIES[1 + Number(i % 4 === 0)]!;
      await inLine({ channelId, priority });
      if (i % 8 === 7) await t.store.dispatch("io", 2);
    }
    const rows = await t.db.query<{ id: string; channel_id: string }>(
      "select id, channel_id from pipeline_jobs where waiting_for = 'turn'",
    );
    const before = new Map<string, number>();
    for (const { id, channel_id } of rows) {
      const place = (await channels().findPlace(id))!;
      expect(place.channel).toMatchObject({ id: channel_id, isActive: channel_id !== ids[3] });
      expect(place.line).not.toBeNull();
      const { position, higher, turnsBefore } = place.line!;
      before.set(id, higher + turnsBefore + position - 1);
    }
    const order: string[] = [];
    for (;;) {
      const [ticket] = await t.store.dispatch("io", 1);
      if (ticket === undefined) break;
      order.push(ticket.jobId);
    }
    expect(order.length).toBeGreaterThan(40);
    expect(order.map((id) => before.get(id))).toEqual(order.map((_, i) => i));
  });

  it("is none for who waits for something else or for nothing, and tells the cap, the pace and the leader", async () => {
    const channelId = newId();
    await channels().changeChannel(channelId, { maxInFlight: 2 });
    const direct = await submitted(t.store, newJob(t.ownerId, { channelId }));
    expect(await channels().findPlace(direct.jobId)).toMatchObject({
      channel: { id: channelId, maxInFlight: 2, inFlight: 1 },
      line: null,
      leader: null,
    });
    const error = { code: "URL_UNREACHABLE", message: "no", stage: "one" } as const;
    await settle(t.store, await claimed(t.store, direct.jobId), retryLater(60_000, error));
    expect(await channels().findPlace(direct.jobId)).toMatchObject({ line: null });
    const waiting = await inLine({ channelId: null });
    await t.store.acquireLeadership("leader", "somebody", 60_000);
    const place = (await channels().findPlace(waiting))!;
    expect(place).toMatchObject({
      channel: { id: null },
      line: { position: 1, higher: 0, turnsBefore: 0 },
      leader: "somebody",
    });
    expect(place.pace.jobs).toBeGreaterThan(0);
    expect(place.pace.ms).toBeGreaterThan(0);
    expect(await channels().findPlace(newId())).toBeUndefined();
    expect(await channels().findPlace("nonsense")).toBeUndefined();
  });
});
