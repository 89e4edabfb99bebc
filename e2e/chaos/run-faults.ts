import { setTimeout as pause } from "node:timers/promises";
import type { Deployment } from "./deployment.ts";
import { PREFIX } from "./deployment.ts";
import { describeFault, type Fault, type LinkMode, type Plan, type Store } from "./plan-faults.ts";
import { keysOf } from "./stores.ts";
import type { Outage, Timeline } from "./timeline.ts";

const DELAY_MS = 400;
/** Workers that come with the new version. */
const NEW_WORKERS = ["w5", "w6"] as const;

export interface FaultNeeds {
  readonly deployment: Deployment;
  readonly timeline: Timeline;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Carries out the schedule; resolves when the last fault is over. A fault that cannot be made is said and left out. */
export async function runFaults(plan: Plan, needs: FaultNeeds): Promise<void> {
  const startedAt = performance.now();
  const at = async (atMs: number, work: () => Promise<void>, what: string): Promise<void> => {
    await pause(Math.max(0, atMs - (performance.now() - startedAt)), undefined, { signal: needs.signal });
    needs.say(what);
    await work();
  };
  const { redis } = needs.deployment.stores;
  // on a busy machine a store may take longer to come back than planned; the next fault of a store waits for that
  let store: Promise<unknown> = Promise.resolve();
  const inTurn = (fault: Fault): Promise<void> => {
    const run = () => inflict(fault, needs);
    if (!/^(redis|postgres|both)_/.test(fault.kind)) return run();
    const mine = store.then(run, run);
    store = mine;
    return mine;
  };
  const work = [
    ...plan.faults.map((fault) => at(fault.atMs, () => inTurn(fault), describeFault(fault))),
    ...plan.snapshotsAtMs.map((atMs) => at(atMs, () => redis.remember(), "a copy of Redis' files")),
    at(plan.deploy.atMs, () => deploy(needs), "deploy of version 2"),
    at(plan.deploy.rollbackAtMs, () => rollBack(needs), "rollback"),
  ];
  for (const result of await Promise.allSettled(work)) {
    if (result.status === "rejected" && !needs.signal.aborted) throw result.reason;
  }
}

async function inflict(fault: Fault, needs: FaultNeeds): Promise<void> {
  const { deployment, timeline } = needs;
  const { redis, postgres } = deployment.stores;
  const wait = (ms: number) => pause(ms, undefined, { signal: needs.signal });
  switch (fault.kind) {
    case "kill":
      (await target(fault.member, needs))?.kill();
      return;
    case "freeze": {
      const member = await target(fault.member, needs);
      member?.freeze();
      await wait(fault.durationMs);
      member?.thaw();
      return;
    }
    case "redis_flush":
      timeline.redisLosses.push(Date.now());
      await redis.ask("FLUSHALL");
      return;
    case "redis_locks": {
      const locks = await keysOf(redis, `${PREFIX}:*:lock`);
      if (locks.length > 0) await redis.ask("DEL", ...locks);
      return;
    }
    case "redis_empty":
    case "redis_old":
    case "redis_restart":
      await redisAway(fault.kind, needs, () => wait(fault.durationMs));
      return;
    case "postgres_restart":
    case "postgres_down":
      await postgresAway(needs, () => wait(fault.durationMs));
      return;
    case "postgres_down_kill":
      await postgresAway(needs, async () => {
        await wait(fault.killAfterMs);
        (await target(fault.member, needs))?.kill();
        await wait(fault.durationMs - fault.killAfterMs);
      });
      return;
    case "both_down":
      await postgresAway(needs, () => redisAway("redis_empty", needs, () => wait(fault.durationMs)));
      return;
    case "partition":
      await cutOff(fault.member, fault.store, fault.mode, needs, () => wait(fault.durationMs));
      return;
  }
  fault satisfies never;
  void postgres;
}

async function target(name: string, { deployment, say }: FaultNeeds) {
  const found = name === "leader" ? await deployment.leader().catch(() => undefined) : name;
  const member = found === undefined ? undefined : deployment.members.get(found);
  if (member?.life() === undefined) say(`  nobody there: ${name} is ${found ?? "not to be found"}, or down`);
  else if (name === "leader") say(`  the leader is ${found}`);
  return member;
}

async function redisAway(
  how: "redis_empty" | "redis_old" | "redis_restart",
  needs: FaultNeeds,
  wait: () => Promise<void>,
) {
  const { redis } = needs.deployment.stores;
  const outage: Outage = { store: "redis", from: Date.now(), to: Number.POSITIVE_INFINITY };
  needs.timeline.outages.push(outage);
  // what the last second's writes were is not on disk: a restart with everything loses those, too
  needs.timeline.redisLosses.push(outage.from);
  await redis.kill();
  try {
    if (how === "redis_empty") await redis.forget();
    if (how === "redis_old" && !(await redis.recall())) needs.say("  there is no copy yet: back with everything");
    await wait();
  } finally {
    await redis.start();
    outage.to = Date.now();
  }
}

async function postgresAway(needs: FaultNeeds, wait: () => Promise<void>): Promise<void> {
  const { postgres } = needs.deployment.stores;
  const outage: Outage = { store: "postgres", from: Date.now(), to: Number.POSITIVE_INFINITY };
  needs.timeline.outages.push(outage);
  await postgres.kill();
  try {
    await wait();
  } finally {
    await postgres.start();
    outage.to = Date.now();
  }
}

async function cutOff(name: string, store: Store, mode: LinkMode, needs: FaultNeeds, wait: () => Promise<void>) {
  const link = needs.deployment.member(name).links[store];
  const trouble = { member: name, store, mode, from: Date.now(), to: Number.POSITIVE_INFINITY };
  needs.timeline.links.push(trouble);
  await link.set(mode === "delay" ? { delayMs: DELAY_MS } : mode);
  try {
    await wait();
  } finally {
    await link.set("pass");
    trouble.to = Date.now();
  }
}

async function deploy({ deployment }: FaultNeeds): Promise<void> {
  await Promise.all(NEW_WORKERS.map((name) => deployment.add(name, "worker", { CHAOS_MAJORS: "1,2" })));
  for (const member of apisOf(deployment)) await member.replace({ CHAOS_MAJORS: "2" });
}

/** The workers of the new version stay until its jobs are done, as an operator would leave them. */
async function rollBack({ deployment }: FaultNeeds): Promise<void> {
  for (const member of apisOf(deployment)) await member.replace({ CHAOS_MAJORS: "1" });
}

const apisOf = (deployment: Deployment) => [...deployment.members.values()].filter((member) => member.role === "api");

/** Nothing is broken any more: what the end of a run begins with. */
export async function heal(deployment: Deployment): Promise<void> {
  for (const member of deployment.members.values()) {
    member.thaw();
    await member.links.postgres.set("pass");
    await member.links.redis.set("pass");
  }
}
