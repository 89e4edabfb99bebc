import { type PermitAnswer, type PermitStore, StoreUnavailableError } from "@millrace/core";
import { until } from "@millrace/testing";
import { describe, expect, it } from "vitest";
import { createPermits } from "./permits.ts";

type Ask = Parameters<PermitStore["takePermit"]>[0];

/** Counts like the real one, and answers as told first. */
function aStore(limit: number, script: (PermitAnswer | Error)[] = []) {
  const held = new Set<string>();
  const asked: Ask[] = [];
  const returned: string[] = [];
  let isAway = false;
  const store: PermitStore = {
    async takePermit(request) {
      asked.push(request);
      const told = script.shift();
      if (told instanceof Error) {
        held.add(request.id);
        throw told;
      }
      if (told !== undefined) return told;
      if (held.size >= limit && !held.has(request.id)) return { kind: "busy", held: held.size, limit };
      held.add(request.id);
      return { kind: "taken" };
    },
    async givePermitBack(id) {
      if (isAway) throw new StoreUnavailableError("away");
      returned.push(id);
      held.delete(id);
    },
  };
  return {
    store,
    held,
    asked,
    returned,
    goAway: (away: boolean) => {
      isAway = away;
    },
  };
}

const claim = (signal = new AbortController().signal) => ({ jobId: "j", fence: 1, provider: "kie", signal });
const AWAY = new StoreUnavailableError("away");

function permitsOf(store: PermitStore) {
  const waits: number[] = [];
  const wait = (ms: number, signal?: AbortSignal): Promise<void> => {
    waits.push(ms);
    return new Promise((resolve) => {
      setImmediate(resolve);
      signal?.addEventListener("abort", () => resolve(), { once: true });
    });
  };
  return { permits: createPermits({ store, random: () => 1, wait }), waits };
}

describe("withPermit (C-Q10)", () => {
  it("runs the work while it holds a permit, and gives it back whatever comes of it", async () => {
    const { store, held, returned } = aStore(1);
    const { permits } = permitsOf(store);
    expect(await permits.withPermit(claim(), async () => held.size)).toBe(1);
    await until(() => returned.length === 1);
    const broken = permits.withPermit(claim(), () => Promise.reject(new Error("429")));
    await expect(broken).rejects.toThrow("429");
    await until(() => returned.length === 2);
    expect(held.size).toBe(0);
  });

  it("waits for one that is busy with growing pauses of at most a second", async () => {
    const busy: PermitAnswer = { kind: "busy", held: 1, limit: 1 };
    const { store, asked } = aStore(
      1,
      Array.from({ length: 8 }, () => busy),
    );
    const { permits, waits } = permitsOf(store);
    await permits.withPermit(claim(), async () => {});
    expect(waits).toEqual([50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
  });

  it("never runs more at a time than there are permits", async () => {
    const { store } = aStore(3);
    const { permits } = permitsOf(store);
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, () => permits.withPermit(claim(), work)));
    expect(most).toBe(3);
  });

  it("gives up with the signal's reason, and holds nothing then", async () => {
    const { store, held } = aStore(0);
    const { permits } = permitsOf(store);
    const stopping = new AbortController();
    const waiting = permits.withPermit(claim(stopping.signal), async () => "never");
    stopping.abort(new Error("timeout"));
    await expect(waiting).rejects.toThrow("timeout");
    expect(held.size).toBe(0);
  });

  it("stops the work of a claim that is lost", async () => {
    const { store, returned } = aStore(1, [{ kind: "lost" }]);
    const { permits } = permitsOf(store);
    await expect(permits.withPermit(claim(), async () => 1)).rejects.toMatchObject({
      code: "LEASE_LOST",
      retry: "stop",
    });
    expect(returned).toEqual([]);
  });

  it("asks again for the same permit while Postgres is away, and gives it back when it is there again", async () => {
    const { store, held, asked, goAway } = aStore(1, [AWAY, AWAY]);
    const { permits } = permitsOf(store);
    goAway(true);
    expect(await permits.withPermit(claim(), async () => "done")).toBe("done");
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    expect(held.size).toBe(1);
    goAway(false);
    await until(() => held.size === 0);
  });

  it("gives back a permit that may have been taken when the signal ended the wait", async () => {
    const { store, held } = aStore(1, [AWAY]);
    const stopping = new AbortController();
    const permits = createPermits({
      store,
      random: () => 0,
      wait: async () => stopping.abort(new Error("shutdown")),
    });
    await expect(permits.withPermit(claim(stopping.signal), async () => 1)).rejects.toThrow("shutdown");
    await until(() => held.size === 0);
  });
});
