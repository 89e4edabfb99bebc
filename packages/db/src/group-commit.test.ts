import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type GroupCommitOptions, groupCommit } from "./group-commit.ts";

interface Ask {
  readonly key: string;
  readonly value: number;
}

class Outage extends Error {}
class Race extends Error {}

type Options = GroupCommitOptions<Ask, string>;

/** A store that shows its batches and answers when told to. */
function store(overrides: Partial<Options> = {}) {
  const batches: Ask[][][] = [];
  const open: (() => void)[] = [];
  const commit = groupCommit<Ask, string>({
    keysOf: ({ key }) => [key],
    isOutage: (error) => error instanceof Outage,
    isRace: (error) => error instanceof Race,
    maxBatch: 100,
    batchesInFlight: 1,
    patienceMs: 60_000,
    async commit(groups) {
      batches.push(groups.map((group) => [...group]));
      await new Promise<void>((resolve) => open.push(resolve));
      return groups.map((group) => group.map(({ key, value }) => `${key}${value}`));
    },
    ...overrides,
  });
  /** Lets every batch through until nobody waits. */
  const drain = async (promises: Promise<unknown>[]) => {
    let isDone = false;
    const all = Promise.allSettled(promises).then((settled) => {
      isDone = true;
      return settled;
    });
    while (!isDone) {
      open.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return all;
  };
  return { commit, batches, open, drain };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("groupCommit", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("sends a single call at once and forms the next batch from calls that arrive meanwhile", async () => {
    const { commit, batches, drain } = store();
    const first = commit({ key: "b", value: 1 });
    await turn();
    const later = [commit({ key: "z", value: 2 }), commit({ key: "a", value: 3 })];
    await turn();
    expect(batches).toHaveLength(1);
    const settled = await drain([first, ...later]);
    expect(settled.map((s) => s.status === "fulfilled" && s.value)).toEqual(["b1", "z2", "a3"]);
    expect(batches.map((batch) => batch.map(([first]) => first!.key))).toEqual([["b"], ["a", "z"]]);
  });

  it("sends the next batch when the one before takes long, and keeps at most the given number in flight", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { commit, batches, drain } = store({ batchesInFlight: 2, patienceMs: 25 });
    const asks = [commit({ key: "k0", value: 0 })];
    await turn();
    asks.push(commit({ key: "k1", value: 1 }));
    vi.advanceTimersByTime(24);
    await turn();
    expect(batches).toHaveLength(1);
    vi.advanceTimersByTime(1);
    await turn();
    expect(batches).toHaveLength(2);
    asks.push(commit({ key: "k2", value: 2 }), commit({ key: "k3", value: 3 }));
    vi.advanceTimersByTime(1_000);
    await turn();
    expect(batches).toHaveLength(2);
    await drain(asks);
    expect(batches).toHaveLength(3);
  });

  it("lets those who were just answered into the next batch", async () => {
    const { commit, batches, drain } = store();
    const twice = ["a", "b", "c"].map((key) => commit({ key, value: 1 }).then(() => commit({ key, value: 2 })));
    await drain(twice);
    expect(batches.map((batch) => batch.length)).toEqual([3, 3]);
  });

  it("answers requests that may share a row from one row, and puts the others of a key into a later batch", async () => {
    const { commit, batches, drain } = store({ canShare: (first, later) => first.value === later.value });
    const asks = [1, 1, 2, 1].map((value) => commit({ key: "k", value }));
    const settled = await drain(asks);
    expect(batches.map((batch) => batch.map((group) => group.map(({ value }) => value)))).toEqual([[[1, 1, 1]], [[2]]]);
    expect(settled.every((s) => s.status === "fulfilled")).toBe(true);
  });

  it("does not let one bad row fail its neighbours", async () => {
    const tried: string[][] = [];
    const { commit, drain } = store({
      async commit(groups) {
        tried.push(groups.map(([first]) => first!.key));
        if (groups.some(([first]) => first!.key === "bad")) throw new Error("bad row");
        return groups.map((group) => group.map(({ key }) => key));
      },
    });
    const settled = await drain(["a", "bad", "z"].map((key) => commit({ key, value: 0 })));
    expect(settled.map((s) => s.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(tried).toEqual([["a", "bad", "z"], ["a"], ["bad"], ["z"]]);
  });

  it("tries a row alone again when it lost a race, and gives up in the end", async () => {
    let races = 2;
    const { commit, drain } = store({
      async commit() {
        if (races-- > 0) throw new Race();
        return [["won"]];
      },
    });
    expect(await drain([commit({ key: "a", value: 0 })])).toMatchObject([{ value: "won" }]);
    races = 99;
    expect(await drain([commit({ key: "a", value: 0 })])).toMatchObject([{ status: "rejected" }]);
    expect(races).toBe(95);
  });

  it("rejects the whole batch on an outage, without trying again, and serves the next", async () => {
    let calls = 0;
    const { commit, drain } = store({
      async commit(groups) {
        if (calls++ === 0) throw new Outage();
        return groups.map(() => ["up"]);
      },
    });
    const settled = await drain([commit({ key: "a", value: 0 }), commit({ key: "b", value: 0 })]);
    expect(settled.map((s) => s.status)).toEqual(["rejected", "rejected"]);
    expect(calls).toBe(1);
    await expect(commit({ key: "c", value: 0 })).resolves.toBe("up");
  });

  it("answers every caller with its own row, in batches that are sorted, bounded and free of equal keys", async () => {
    const asks = fc.array(fc.record({ key: fc.constantFrom("a", "b", "c", "d", "e"), value: fc.nat(3) }), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(
        asks,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (list, maxBatch, batchesInFlight, canShare) => {
          const { commit, batches, drain } = store({ maxBatch, batchesInFlight, canShare: () => canShare });
          const settled = await drain(list.map((ask) => commit(ask)));
          expect(settled.map((s) => s.status === "fulfilled" && s.value)).toEqual(
            list.map(({ key, value }) => `${key}${value}`),
          );
          for (const batch of batches) {
            const keys = batch.map(([first]) => first!.key);
            expect(keys).toEqual([...new Set(keys)].sort());
            expect(keys.length).toBeLessThanOrEqual(maxBatch);
          }
          const perKey = (key: string) => batches.flat(2).filter((ask) => ask.key === key);
          // requests of one key keep their order
          for (const key of "abcde") expect(perKey(key)).toEqual(list.filter((ask) => ask.key === key));
        },
      ),
      { numRuns: 200 },
    );
  });
});
