import { describe, expect, it } from "vitest";
import { storeUnderTest } from "../job-store.fixture.ts";

const t = storeUnderTest();

describe("leadership", () => {
  it("belongs to one holder until it runs out or is released; the epoch tells terms apart", async () => {
    const { store } = t;
    expect(await store.acquireLeadership("leader", "a", 60_000)).toBe(1);
    expect(await store.acquireLeadership("leader", "a", 60_000)).toBe(1);
    expect(await store.acquireLeadership("leader", "b", 60_000)).toBeUndefined();
    await store.releaseLeadership("leader", "b");
    expect(await store.acquireLeadership("leader", "b", 60_000)).toBeUndefined();
    await store.releaseLeadership("leader", "a");
    expect(await store.acquireLeadership("leader", "b", 60_000)).toBe(2);
    await t.db.query("update leases set expires_at = now() - interval '1 second' where name = $1", ["leader"]);
    expect(await store.acquireLeadership("leader", "a", 60_000)).toBe(3);
    expect(await store.acquireLeadership("other", "b", 60_000)).toBe(1);
  });

  it("goes to one of many that ask at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => t.store.acquireLeadership("race", `holder-${i}`, 60_000)),
    );
    expect(answers.filter((epoch) => epoch !== undefined)).toEqual([1]);
  });
});
