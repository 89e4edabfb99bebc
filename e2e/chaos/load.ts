import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "./client.ts";
import type { Random } from "./random.ts";

/** What the stages of a job are told to do; read by pipelines.mjs. */
export interface JobInput {
  readonly key: string;
  readonly ms: number;
  readonly spinMs?: number;
  /** One stage that takes long and heeds no signal. */
  readonly slow?: { readonly stage: string; readonly ms: number };
  readonly fails?: { readonly stage: string; readonly times: number };
  readonly waits?: { readonly stage: string; readonly times: number };
  /** Kills its process, under its first `times` claims. */
  readonly poison?: { readonly stage: string; readonly times: number };
}

export const GATE = "editor";
const KEYS = 150;
const STAGES = ["a", "b", "c", "d"] as const;
const FILMS = 6;

export interface LoadOptions {
  readonly client: Client;
  readonly random: Random;
  readonly seconds: number;
  readonly jobsPerSecond: number;
}

export interface Load {
  /** Resolves when the last call has an answer or was given up. */
  readonly done: Promise<void>;
}

function stepsInput(random: Random): JobInput {
  const key = `k${random.between(1, KEYS)}`;
  const ms = random.between(5, 300);
  const dice = random.next();
  if (dice < 0.12) return { key, ms, slow: { stage: random.pick(STAGES), ms: random.between(3_000, 8_000) } };
  if (dice < 0.17) return { key, ms, spinMs: random.between(200, 1_000) };
  if (dice < 0.25) return { key, ms, fails: { stage: random.pick(STAGES), times: random.between(1, 2) } };
  if (dice < 0.3) return { key, ms, waits: { stage: "a", times: random.between(1, 2) } };
  return { key, ms };
}

/** Work as real callers send it: duplicates, repeats after an end, cancels, early and late decisions, a poison job or two. */
export function startLoad({ client, random, seconds, jobsPerSecond }: LoadOptions): Load {
  const underWay = new Set<Promise<unknown>>();
  let calls = 0;
  const track = (work: Promise<unknown>): void => {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  };

  const submit = async (pipeline: string, input: JobInput, own: Random): Promise<void> => {
    calls += 1;
    const idempotencyKey = `call-${calls}`;
    const twice = own.chance(0.1) ? [0, 1] : [0];
    // a caller that is not sure sends the same request twice at once
    const [accepted] = await Promise.all(twice.map(() => client.submit(pipeline, input, idempotencyKey)));
    if (accepted === undefined) return;
    if (pipeline === "review" && own.chance(0.9)) {
      await pause(own.chance(0.25) ? 0 : own.between(500, 6_000));
      await client.decide(accepted.jobId, GATE, own.chance(0.8) ? "approved" : "rejected");
    }
    if (own.chance(pipeline === "review" ? 0.05 : 0.08)) {
      await pause(own.between(0, 3_000));
      await client.cancel(accepted.jobId);
    }
  };

  const run = async (): Promise<void> => {
    const startedAt = performance.now();
    const endAt = startedAt + seconds * 1_000;
    for (let i = 1; i <= FILMS; i++) track(submit("film", { key: `film${i}`, ms: 300 }, random.fork(`film${i}`)));
    const poisons = [
      { atMs: seconds * 300, input: { key: "poison-once", ms: 50, poison: { stage: "b", times: 1 } } },
      { atMs: seconds * 600, input: { key: "poison", ms: 50, poison: { stage: "a", times: 1_000 } } },
    ];
    for (const { atMs, input } of poisons) {
      track(pause(atMs).then(() => submit("steps", input, random.fork(input.key))));
    }
    while (performance.now() < endAt) {
      const own = random.fork(`job${calls}`);
      if (own.chance(0.15)) {
        track(submit("review", { key: `r${own.between(1, KEYS)}`, ms: own.between(5, 300) }, own));
      } else track(submit("steps", stepsInput(own), own));
      await pause(own.between(0, 2_000 / jobsPerSecond));
    }
    while (underWay.size > 0) await Promise.allSettled(underWay);
  };
  return { done: run() };
}
