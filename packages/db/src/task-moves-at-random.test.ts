import {
  advance,
  type ClaimedJob,
  complete,
  fail,
  gateOf,
  handOver,
  interrupt,
  type JobError,
  parkForQuota,
  parkForReview,
  retryLater,
  type Settlement,
  type StagePlace,
  waitForTurn,
} from "@millrace/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { HOLDER, OUTPUT } from "./job-store.fixture.ts";
import { TASK_STEPS, type TaskStep } from "./schema/tasks.ts";
import { tasksOutOfStep } from "./statements/tasks-out-of-step.ts";
import type { TaskRow } from "./task-model.ts";
import { jobOf, newTask, tasksUnderTest } from "./task-store.fixture.ts";

const t = tasksUnderTest();

const ERROR: JobError = { code: "URL_UNREACHABLE", message: "no route", stage: "x" };
const QUOTA = { service: "youtube", pool: "poke", units: 1 };
const GATES: Partial<Record<TaskStep, string>> = {
  assets: "assets",
  video: "video",
  audio: "audio",
  assembly: "final",
};

/** What may happen to a job; each does nothing where it cannot. */
const EVENTS = [
  "submit",
  "dispatch",
  "claim",
  "make",
  "make_at_gate",
  "make_and_wait_for_turn",
  "approve",
  "reject",
  "expire_gate",
  "fail",
  "retry",
  "retry_due",
  "quota",
  "interrupt",
  "lose",
  "cancel",
  "finish_cancels",
] as const;
type Event = (typeof EVENTS)[number];

interface Scene {
  readonly task: TaskRow;
  /** The newest claim, lost or not. */
  claim: ClaimedJob | undefined;
}

const placeAfter = (step: TaskStep): StagePlace | undefined => {
  const index = TASK_STEPS.indexOf(step) + 1;
  const name = TASK_STEPS[index];
  if (name === undefined) return undefined;
  return { name, index, count: TASK_STEPS.length, spec: { lane: name === "upload" ? "io" : "media" } } as StagePlace;
};

/** As the engine would end this stage; undefined: it cannot end so. */
function endOf(event: Event, step: TaskStep): Settlement | undefined {
  const next = placeAfter(step);
  const gate = GATES[step];
  switch (event) {
    case "make":
      if (next === undefined) return complete(OUTPUT);
      return next.name === "upload" ? handOver(next, OUTPUT) : advance(next, OUTPUT);
    case "make_at_gate":
      if (next === undefined || gate === undefined) return undefined;
      return parkForReview(gateOf({ name: gate, expiresInMs: 3_600_000, onExpiry: "reject" }), next, OUTPUT);
    case "make_and_wait_for_turn":
      return next === undefined ? undefined : waitForTurn(next, QUOTA, OUTPUT);
    case "fail":
      return fail({ ...ERROR, stage: step });
    case "retry":
      return retryLater(3_600_000, { ...ERROR, stage: step });
    case "quota":
      return parkForQuota(3_600_000, { ...ERROR, stage: step });
    case "interrupt":
      return interrupt("shutdown");
    default:
      return undefined;
  }
}

async function settled(scene: Scene, event: Event): Promise<void> {
  const { claim } = scene;
  if (claim === undefined) return;
  const row = await t.store.findJob(claim.id, null);
  const settlement = endOf(event, row!.stage as TaskStep);
  if (settlement === undefined) return;
  await t.store.settle({ jobId: claim.id, stage: row!.stage, fence: claim.fence, settlement }, HOLDER);
}

async function decided(jobId: string, decision: "approved" | "rejected", size: number): Promise<void> {
  const row = await t.store.findJob(jobId, null);
  const step = TASK_STEPS[size % 6]!;
  const gates = Object.values(GATES);
  // at the gate it stands at, or early at any
  const gate = row!.gate ?? gates[size % gates.length]!;
  await t.store.decideReview({
    jobId,
    ownerId: null,
    gate,
    decision,
    decidedBy: `reviewer-${size}`,
    roles: [],
    comment: null,
    details: gate === "final" ? { step, clips: [1] } : { clips: [1, 2] },
  });
}

async function loseLease(jobId: string): Promise<void> {
  await t.db.query(
    "update pipeline_jobs set lease_until = now() - interval '1 second' where id = $1 and lease_until is not null",
    [jobId],
  );
}

async function happens(scene: Scene, event: Event, size: number): Promise<void> {
  const { task } = scene;
  const jobId = (await t.tasks.findTask(task.id, null))!.job?.id;
  if (event === "submit") {
    const plan = await t.tasks.planRun(task.id, null, { isAdmin: true });
    if (plan.kind === "planned") await t.store.submit(jobOf(task, plan.fromStep, { isDispatched: size % 2 === 0 }));
    return;
  }
  if (jobId === undefined) return;
  switch (event) {
    case "dispatch":
      await t.store.dispatch("media", 5);
      await t.store.dispatch("io", 5);
      return;
    case "claim": {
      const row = await t.store.findJob(jobId, null);
      const answer = await t.store.claim({ jobId, dispatchNo: row!.dispatchNo }, HOLDER);
      if (answer.kind === "claimed") scene.claim = answer.job;
      return;
    }
    case "approve":
      return decided(jobId, "approved", size);
    case "reject":
      return decided(jobId, "rejected", size);
    case "expire_gate":
      await t.db.query("update job_gates set expires_at = now() where job_id = $1", [jobId]);
      await t.store.expireGates(100);
      return;
    case "retry_due":
      await t.db.query("update pipeline_jobs set next_retry_at = now() where id = $1 and next_retry_at is not null", [
        jobId,
      ]);
      return;
    case "lose":
      return loseLease(jobId);
    case "cancel":
      await t.store.cancel({ jobId, ownerId: null, by: "carl", reason: null });
      return;
    case "finish_cancels":
      await t.store.finishExpiredCancels(100);
      return;
    default:
      return settled(scene, event);
  }
}

/** Where a task may stand whose job has come to its end. */
const ENDS: Readonly<Record<string, RegExp>> = {
  completed: /^published$/,
  failed: /^(asset|video|audio|upload)_error$/,
  cancelled: /^(draft|published)$/,
};

const legal = new Set<string>();

async function expectInOrder(task: TaskRow): Promise<void> {
  const row = (await t.tasks.findTask(task.id, null))!;
  const hops = await t.tasks.listTransitions(task.id);
  for (const [i, hop] of hops.entries()) {
    expect(hop.fromStatus).toBe(i === 0 ? null : hops[i - 1]!.toStatus);
    if (i > 0) expect(legal, `${hop.fromStatus} ${hop.toStatus}`).toContain(`${hop.fromStatus} ${hop.toStatus}`);
  }
  expect(row.status).toBe(hops.at(-1)!.toStatus);
  expect(await tasksOutOfStep(t.db.query, 10)).toEqual([]);
  if (row.job !== null && row.job.status in ENDS) expect(row.status).toMatch(ENDS[row.job.status]!);
  const runs = await t.tasks.listRuns(task.id);
  expect(runs.map(({ runNo }) => runNo)).toEqual(runs.map((_, i) => i + 1));
  const open = runs.filter(({ outcome }) => outcome === null);
  expect(open.length).toBe(row.job !== null && !(row.job.status in ENDS) ? 1 : 0);
}

/** Mostly onwards, so that runs get to their end at all. */
const anEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Event>("submit", "dispatch", "claim") },
  { weight: 3, arbitrary: fc.constantFrom<Event>("make", "make_at_gate", "make_and_wait_for_turn", "approve") },
  { weight: 2, arbitrary: fc.constantFrom(...EVENTS) },
);

it("C-Q01 C-S12 whatever happens to its job, a task moves along legal edges only, and to where its job is", {
  timeout: 120_000,
}, async () => {
  const edges = await t.db.query<{ from_status: string; to_status: string }>("select * from task_edges");
  for (const { from_status, to_status } of edges) legal.add(`${from_status} ${to_status}`);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(anEvent, fc.nat(20)), { minLength: 30, maxLength: 60 }), async (events) => {
      const scene: Scene = { task: await newTask(t), claim: undefined };
      for (const [event, size] of events) {
        await happens(scene, event, size);
        await expectInOrder(scene.task);
      }
      // the next one begins with an empty line
      const { job } = (await t.tasks.findTask(scene.task.id, null))!;
      if (job !== null) await t.store.cancel({ jobId: job.id, ownerId: null, by: "test", reason: null });
      if (job !== null) await loseLease(job.id);
      await t.store.finishExpiredCancels(100);
      await expectInOrder(scene.task);
    }),
    { numRuns: 12 },
  );
});
