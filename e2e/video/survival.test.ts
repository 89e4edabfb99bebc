import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { until } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../processes/cluster.ts";
import { SMALL, type VideoCalls, videoCalls } from "./video-calls.fixture.ts";

const CLIPS = 4;
const OPEN = { gates: { assets: "off", video: "off", audio: "off" }, final_gate: "off" };
/** Clips are made one after the other; this one is held. */
const HELD_CLIP = "03";
const LOCK = 4711;

let cluster: Cluster;
let calls: VideoCalls;
beforeAll(async () => {
  cluster = await startCluster({ env: SMALL });
  calls = videoCalls(cluster);
  await calls.putChannel("nature", { ...OPEN, scale: { assets: 3, clips: CLIPS, seconds: CLIPS } });
  // a worker that has made the clip waits before it says so, holding no lock of its job
  await cluster.sql.unsafe(`
    create function hold_clip() returns trigger language plpgsql as $$
    begin
      if new.step = 'video' and new.unit = '${HELD_CLIP}' then perform pg_advisory_xact_lock(${LOCK}); end if;
      return new;
    end $$;
    create trigger hold_clip before insert on task_costs for each row execute function hold_clip()`);
});
afterAll(() => cluster?.close());

/** Queues a task and runs `act` while its worker has made two clips and is about to keep the third. */
async function inTheMiddle(title: string, act: (id: string) => Promise<void>): Promise<string> {
  const holder = await cluster.sql.reserve();
  try {
    await holder`select pg_advisory_lock(${LOCK})`;
    const id = await calls.plan("nature", { title, queue: true });
    await until(
      async () => {
        const [row] = await cluster.sql<{ n: number }[]>`
          select count(*)::int as n from pg_locks where locktype = 'advisory' and objid = ${LOCK} and not granted
            and database = (select oid from pg_database where datname = current_database())`;
        return row!.n > 0;
      },
      { timeoutMs: 240_000, message: () => `the third clip\n${cluster.output().slice(-4_000)}` },
    );
    await act(id);
    return id;
  } finally {
    await holder`select pg_advisory_unlock(${LOCK})`;
    holder.release();
  }
}

const unitsOf = (id: string) => cluster.sql<{ step: string; unit: string; take: number; made_at: Date }[]>`
  select step, unit, take, made_at from task_units where task_id = ${id} order by step, unit`;

describe("a video under way", () => {
  test("goes on at the clip where its worker was killed; what was made before is not made again (C-Q15)", {
    timeout: 600_000,
  }, async () => {
    const first = await cluster.startWorker("first");
    let kept: Awaited<ReturnType<typeof unitsOf>> | undefined;
    const id = await inTheMiddle("Bees", async (held) => {
      await cluster.kill(first);
      // what it asked last must not be done when nobody is there any more
      await cluster.sql`
        select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = ${LOCK} and not granted`;
      kept = await unitsOf(held);
    });
    expect(kept!.filter(({ step }) => step === "video").map(({ unit }) => unit)).toEqual(["01", "02"]);
    expect(await readdir(join(cluster.folder, "work"))).toHaveLength(1);
    const second = await cluster.startWorker("second");
    await calls.reaches(id, "published");
    const after = await unitsOf(id);
    for (const unit of kept!) expect(after).toContainEqual(unit);
    const makes = calls.made(id).map(({ step, unit }) => `${step} ${unit}`);
    expect(makes.filter((unit) => unit.startsWith("video"))).toEqual(["video 01", "video 02", "video 03", "video 04"]);
    expect(new Set(makes).size).toBe(makes.length);
    // the state of a task does not move because a worker died
    expect((await calls.statuses(id)).filter((status) => status === "generating_video")).toHaveLength(1);
    expect((await calls.find(id)).error_log).toBeNull();
    expect(await readdir(join(cluster.folder, "work"))).toEqual([
      expect.stringMatching(new RegExp(`~${second.child.pid}~`)),
    ]);
    await cluster.terminate(second);
  });

  test("that is cancelled is a draft again, and queued once more goes on without making anything twice (C-Q02)", {
    timeout: 600_000,
  }, async () => {
    const worker = await cluster.startWorker("third");
    const id = await inTheMiddle("Rivers", (held) => calls.cancel(held));
    const draft = await calls.reaches(id, "draft");
    expect(draft.cancelled_at).not.toBeNull();
    await calls.queue(id);
    await calls.reaches(id, "published");
    const made = calls.made(id).map(({ step, unit, take }) => `${step} ${unit} ${take}`);
    expect(new Set(made).size).toBe(made.length);
    expect(made.filter((unit) => unit.startsWith("video"))).toHaveLength(CLIPS);
    const { body } = await cluster.call("GET", `/tasks/${id}/runs`);
    expect(body.runs.map(({ outcome }: { outcome: string }) => outcome)).toEqual(["draft", "published"]);
    await cluster.terminate(worker);
  });
});
