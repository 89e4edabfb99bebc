import { type Random, seededRandom } from "./random.ts";

export const APIS = ["api1", "api2"] as const;
export const WORKERS = ["w1", "w2", "w3", "w4"] as const;

export type LinkMode = "refuse" | "cut" | "swallow" | "half_open" | "delay";
export type Store = "postgres" | "redis";

/** One thing that goes wrong. `leader` is whoever holds the lease row at that moment. */
export type FaultKind =
  | { readonly kind: "kill"; readonly member: string }
  | { readonly kind: "freeze"; readonly member: string }
  | { readonly kind: "redis_flush" }
  | { readonly kind: "redis_empty" }
  | { readonly kind: "redis_old" }
  | { readonly kind: "redis_restart" }
  | { readonly kind: "redis_locks" }
  | { readonly kind: "postgres_restart" }
  | { readonly kind: "postgres_down" }
  /** The spool's case: a worker dies while Postgres is away, after it had the time to put its results aside. */
  | { readonly kind: "postgres_down_kill"; readonly member: string; readonly killAfterMs: number }
  | { readonly kind: "both_down" }
  | { readonly kind: "partition"; readonly member: string; readonly store: Store; readonly mode: LinkMode };

/** `durationMs` is how long it stays broken; 0 where it is over at once. */
export type Fault = FaultKind & { readonly atMs: number; readonly durationMs: number };

export type Focus = "redis" | "postgres" | "workers" | "spool";
export const FOCUSES: readonly Focus[] = ["redis", "postgres", "workers", "spool"];

/** A part of the deployment that comes beside the old one, and goes again. */
export interface Deploy {
  readonly atMs: number;
  readonly rollbackAtMs: number;
}

export interface Plan {
  readonly seed: number;
  readonly seconds: number;
  readonly faults: readonly Fault[];
  readonly deploy: Deploy;
  /** When a copy of Redis' files is taken, for coming back from an old one. */
  readonly snapshotsAtMs: readonly number[];
}

export interface PlanOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly focus?: Focus | undefined;
}

/** Nothing breaks while the load begins. */
const QUIET_START_MS = 4_000;
const LONG_RUN_SECONDS = 300;

type Draw = (random: Random) => FaultKind & { readonly durationMs: number };

const instant =
  (kind: FaultKind): Draw =>
  () => ({ ...kind, durationMs: 0 });
const lasting =
  (kind: FaultKind, fromMs: number, toMs: number): Draw =>
  (random) => ({ ...kind, durationMs: random.between(fromMs, toMs) });

const killAnyOf =
  (members: readonly string[]): Draw =>
  (random) => ({ kind: "kill", member: random.pick(members), durationMs: 0 });
const freezeAnyOf =
  (members: readonly string[]): Draw =>
  (random) => ({ kind: "freeze", member: random.pick(members), durationMs: random.between(4_000, 12_000) });

const partition =
  (store: Store, mode: LinkMode): Draw =>
  (random) => ({
    kind: "partition",
    member: random.chance(0.75) ? random.pick(WORKERS) : random.pick(APIS),
    store,
    mode,
    durationMs: random.between(3_000, 10_000),
  });

const spoolCase: Draw = (random) => ({
  kind: "postgres_down_kill",
  member: random.pick(WORKERS),
  killAfterMs: random.between(5_500, 6_500),
  durationMs: 9_000,
});

const PROCESS_DECK: readonly Draw[] = [
  killAnyOf(WORKERS),
  killAnyOf(WORKERS),
  killAnyOf(APIS),
  instant({ kind: "kill", member: "leader" }),
  freezeAnyOf(WORKERS),
  freezeAnyOf(WORKERS),
  freezeAnyOf(["leader"]),
  freezeAnyOf(APIS),
];

const REDIS_DECK: readonly Draw[] = [
  instant({ kind: "redis_flush" }),
  lasting({ kind: "redis_empty" }, 1_000, 4_000),
  lasting({ kind: "redis_old" }, 1_000, 3_000),
  lasting({ kind: "redis_restart" }, 1_000, 5_000),
  instant({ kind: "redis_locks" }),
];

function postgresDeck(seconds: number): readonly Draw[] {
  const longMs = seconds >= LONG_RUN_SECONDS ? 60_000 : 15_000;
  return [
    lasting({ kind: "postgres_restart" }, 0, 0),
    lasting({ kind: "postgres_down" }, 6_000, 6_000),
    ...(seconds >= 100 ? [lasting({ kind: "postgres_down" }, longMs, longMs)] : []),
    spoolCase,
  ];
}

const LINK_DECK: readonly Draw[] = (["postgres", "redis"] as const).flatMap((store) =>
  (["refuse", "cut", "swallow", "half_open", "delay"] as const).map((mode) => partition(store, mode)),
);

function storeDeck(seconds: number, focus: Focus | undefined): readonly Draw[] {
  const both = lasting({ kind: "both_down" }, 3_000, 6_000);
  const postgres = postgresDeck(seconds);
  if (focus === "redis") return [...REDIS_DECK, instant({ kind: "redis_flush" })];
  if (focus === "postgres") return [...postgres, spoolCase, partition("postgres", "swallow")];
  if (focus === "spool") return [spoolCase];
  return [...REDIS_DECK, ...postgres, both, ...LINK_DECK];
}

/** Draws without putting back until the deck is empty, so that a long run sees every kind equally often. */
function* deal(random: Random, deck: readonly Draw[]): Generator<Draw, never> {
  for (;;) yield* random.shuffle(deck);
}

function track(random: Random, deck: readonly Draw[], from: number, untilMs: number, gap: readonly [number, number]) {
  const faults: Fault[] = [];
  const cards = deal(random, deck);
  for (let atMs = from + random.between(0, gap[1]); ; ) {
    const fault = cards.next().value(random);
    if (atMs + fault.durationMs > untilMs) {
      if (atMs + 1_000 > untilMs) return faults;
      // too long for what is left: the next card may fit
      atMs += 1_000;
      continue;
    }
    faults.push({ ...fault, atMs });
    atMs += fault.durationMs + random.between(gap[0], gap[1]);
  }
}

/** The whole schedule of a run: what breaks, when, for how long. Everything in it comes from the seed. */
export function planFaults({ seed, seconds, focus }: PlanOptions): Plan {
  const random = seededRandom(seed);
  const endMs = seconds * 1_000;
  const processDeck = focus === "workers" ? PROCESS_DECK.filter((_, i) => ![2, 7].includes(i)) : PROCESS_DECK;
  // a focus thins out the rest, so that its own faults meet calm processes more often
  const processGap =
    focus === "workers" ? ([1_000, 3_000] as const) : focus ? ([9_000, 15_000] as const) : ([3_000, 8_000] as const);
  const storeGap = focus === "workers" ? ([12_000, 20_000] as const) : ([2_000, 5_000] as const);
  const faults = [
    ...track(random.fork("processes"), processDeck, QUIET_START_MS, endMs, processGap),
    ...track(random.fork("stores"), storeDeck(seconds, focus), QUIET_START_MS, endMs, storeGap),
  ].sort((a, b) => a.atMs - b.atMs);
  const snapshots = random.fork("snapshots");
  const snapshotsAtMs: number[] = [];
  for (let atMs = 2_000; atMs < endMs; atMs += snapshots.between(6_000, 12_000)) snapshotsAtMs.push(atMs);
  const deploy = random.fork("deploy");
  return {
    seed,
    seconds,
    faults,
    deploy: {
      atMs: Math.round(endMs * (0.3 + 0.1 * deploy.next())),
      rollbackAtMs: Math.round(endMs * (0.7 + 0.1 * deploy.next())),
    },
    snapshotsAtMs,
  };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** One line of the schedule, for people. */
export function describeFault(fault: Fault): string {
  const { kind, durationMs } = fault;
  const lasts = durationMs > 0 ? ` for ${seconds(durationMs)}` : "";
  if (kind === "partition") return `${fault.member} – ${fault.store}: ${fault.mode}${lasts}`;
  if (kind === "postgres_down_kill") {
    return `postgres down${lasts}, ${fault.member} killed ${seconds(fault.killAfterMs)} into it`;
  }
  return `${kind.replaceAll("_", " ")}${"member" in fault ? ` ${fault.member}` : ""}${lasts}`;
}

export function describePlan(plan: Plan): string[] {
  const lines = [
    ...plan.faults.map((fault) => ({ atMs: fault.atMs, text: describeFault(fault) })),
    { atMs: plan.deploy.atMs, text: "deploy: two workers and the APIs know version 2" },
    { atMs: plan.deploy.rollbackAtMs, text: "rollback: the APIs are back at version 1" },
  ];
  return lines.sort((a, b) => a.atMs - b.atMs).map(({ atMs, text }) => `${seconds(atMs).padStart(8)}  ${text}`);
}
