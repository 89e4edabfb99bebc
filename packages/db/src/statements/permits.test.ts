import { MillraceError } from "@millrace/core";
import { until } from "@millrace/testing";
import { describe, expect, it } from "vitest";
import { connectDatabase } from "../database.ts";
import { claimed, DONE, expireLease, newJob, settle, storeUnderTest, submitted } from "../job-store.fixture.ts";
import { newId } from "../new-id.ts";
import { createPermitStore } from "../quota-store.ts";

const t = storeUnderTest();
const permits = () => createPermitStore(t.db);

async function aProvider(limit: number): Promise<string> {
  const provider = `p${newId()}`;
  await permits().changePermits(provider, limit);
  return provider;
}

async function aClaim() {
  const { id, fence } = await claimed(t.store, (await submitted(t.store, newJob(t.ownerId))).jobId);
  return { jobId: id, fence };
}

const heldOf = async (provider: string) =>
  (await permits().listPermits()).find((row) => row.provider === provider)?.held;

describe("permits (C-Q10)", () => {
  it("are as many as were set, of each provider on its own, and unlimited where nothing was", async () => {
    const [claim, provider] = [await aClaim(), await aProvider(1)];
    const take = (of: string, id = newId()) => permits().takePermit({ ...claim, provider: of, id });
    const id = newId();
    expect(await take(provider, id)).toEqual({ kind: "taken" });
    expect(await take(provider)).toEqual({ kind: "busy", held: 1, limit: 1 });
    // an answer that got lost is asked for again
    expect(await take(provider, id)).toEqual({ kind: "taken" });
    expect(await heldOf(provider)).toBe(1);
    const free = `p${newId()}`;
    for (let i = 0; i < 3; i++) expect(await take(free)).toEqual({ kind: "taken" });
    expect(await permits().changePermits(provider, 0)).toEqual({ provider, permits: 0, held: 1 });
    expect(await permits().changePermits(free, null)).toEqual({ provider: free, permits: null, held: 3 });
    await expect(permits().changePermits(provider, -1)).rejects.toBeInstanceOf(MillraceError);
  });

  it("are 10 of kie, 12 of gemini and 6 of elevenlabs to begin with", async () => {
    const set = new Map((await permits().listPermits()).map((row) => [row.provider, row.permits]));
    expect([set.get("kie"), set.get("gemini"), set.get("elevenlabs")]).toEqual([10, 12, 6]);
  });

  it("a second return frees no other's", async () => {
    const [claim, provider] = [await aClaim(), await aProvider(2)];
    const ids = [newId(), newId()];
    for (const id of ids) await permits().takePermit({ ...claim, provider, id });
    for (let i = 0; i < 3; i++) await permits().givePermitBack(ids[0]!);
    expect(await heldOf(provider)).toBe(1);
  });

  it("of a killed worker are free when its lease is over; the claim after it holds its own", async () => {
    const [first, second, provider] = [await aClaim(), await aClaim(), await aProvider(1)];
    await permits().takePermit({ ...first, provider, id: newId() });
    await expireLease(t.db, first.jobId);
    expect(await permits().takePermit({ ...first, provider, id: newId() })).toMatchObject({ kind: "busy" });
    const id = newId();
    expect(await permits().takePermit({ ...second, provider, id })).toEqual({ kind: "taken" });
    await permits().givePermitBack(id);
    const again = await claimed(t.store, first.jobId);
    expect(await permits().takePermit({ ...first, provider, id: newId() })).toEqual({ kind: "lost" });
    const next = { jobId: again.id, fence: again.fence };
    expect(await permits().takePermit({ ...next, provider, id: newId() })).toEqual({ kind: "taken" });
    expect(await t.db.query("select job_id from permits where provider = $1", [provider])).toHaveLength(1);
  });

  it("of a job that is over are free, and there are none for it", async () => {
    const { jobId } = await submitted(t.store, newJob(t.ownerId));
    const job = await claimed(t.store, jobId);
    const provider = await aProvider(1);
    const request = { jobId, fence: job.fence, provider };
    await permits().takePermit({ ...request, id: newId() });
    await settle(t.store, job, DONE);
    expect((await heldOf(provider)) ?? 0).toBe(0);
    expect(await permits().takePermit({ ...request, id: newId() })).toEqual({ kind: "lost" });
  });

  it("the last one goes to one of two that ask at once: the second waits for what becomes of the first", async () => {
    const [claim, provider] = [await aClaim(), await aProvider(1)];
    const request = { ...claim, provider };
    const isWaiting = async (): Promise<boolean> => {
      const waiting = await t.db.query(
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%take_permit%'",
      );
      return waiting.length > 0;
    };
    let isSecondOver = false;
    const second = await t.db.transaction(async (query) => {
      const first = await createPermitStore({ query: query as never }).takePermit({ ...request, id: newId() });
      expect(first).toEqual({ kind: "taken" });
      const asking = permits().takePermit({ ...request, id: newId() });
      void asking.finally(() => {
        isSecondOver = true;
      });
      await until(async () => isSecondOver || (await isWaiting()));
      return { asking };
    });
    expect(await second.asking).toEqual({ kind: "busy", held: 1, limit: 1 });
  });

  it("are never more than the limit, whoever asks at the same time", async () => {
    const provider = await aProvider(5);
    const claims = await Promise.all(Array.from({ length: 8 }, aClaim));
    // as three processes: pools of their own
    const pools = Array.from({ length: 3 }, () =>
      connectDatabase({ url: t.database.url, maxConnections: 5, applicationName: "db-test" }),
    );
    const stores = pools.map(createPermitStore);
    let most = 0;
    let taken = 0;
    const held = new Set<string>();
    const caller = async (n: number): Promise<void> => {
      const store = stores[n % 3]!;
      for (let i = 0; i < 25; i++) {
        const id = newId();
        const answer = await store.takePermit({ ...claims[n % claims.length]!, provider, id });
        if (answer.kind !== "taken") continue;
        held.add(id);
        taken += 1;
        most = Math.max(most, held.size);
        await t.db.query("select 1");
        held.delete(id);
        await store.givePermitBack(id);
      }
    };
    try {
      await Promise.all(Array.from({ length: 15 }, (_, n) => caller(n)));
    } finally {
      await Promise.all(pools.map((pool) => pool.close()));
    }
    expect(most).toBeLessThanOrEqual(5);
    expect(most).toBeGreaterThan(1);
    expect(taken).toBeGreaterThan(5);
    expect(await heldOf(provider)).toBe(0);
  });
});
