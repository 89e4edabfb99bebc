import type { Clock, JobStore, Lane, LaneConsumer, Log, Registry, Spool, TicketQueue } from "@millrace/core";
import { pause } from "./backoff.ts";
import type { Chore } from "./chores.ts";
import { endsWithin } from "./deadline.ts";
import { createHeldClaims } from "./held-claims.ts";
import { type Leader, startLeader } from "./leader.ts";
import type { LeaderTimings } from "./leader-timings.ts";
import { createPersist } from "./persist.ts";
import { createQuarantine } from "./quarantine.ts";
import { createResultSpool } from "./result-spool.ts";
import { runInline } from "./run-inline.ts";
import type { StageRunner } from "./stage-runner.ts";
import { looksStuck, WATCHDOG_TIMINGS, type WatchdogTimings, watchConsumers } from "./watch-consumers.ts";
import { createWorkTicket } from "./work-ticket.ts";

export interface WorkerOptions {
  readonly store: JobStore;
  readonly queue: TicketQueue;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Unique among live workers; shown in the record. */
  readonly name: string;
  /** How many jobs of each lane at a time. */
  readonly lanes: Partial<Record<Lane, number>>;
  /** Lanes whose stages run elsewhere, such as CPU-heavy ones in threads; the others run on this event loop. */
  readonly runners?: Partial<Record<Lane, StageRunner>>;
  readonly leaseMs: number;
  readonly maxCrashes: number;
  /** undefined: this worker never leads. */
  readonly leader?: LeaderTimings | undefined;
  /** Done now and then by the worker that leads. */
  readonly chores?: readonly Chore[];
  /** Where finished results wait while Postgres is away, in the order they are tried. */
  readonly spools: readonly Spool[];
  readonly watchdog?: WatchdogTimings;
  /** A lane cannot be made to fetch any more. The process should end, so that a new one takes its place. */
  readonly onWedged: (lane: string) => void;
}

/** How a lane of this worker is doing. */
export interface LaneState {
  readonly isConsuming: boolean;
  readonly inHand: number;
  readonly concurrency: number;
  readonly msSinceFetch: number;
}

export interface WorkerState {
  readonly held: number;
  readonly isStoreReachable: boolean;
  readonly isStopping: boolean;
  readonly isLeading: boolean;
  readonly lanes: Readonly<Partial<Record<Lane, LaneState>>>;
}

export interface Worker {
  state(): WorkerState;
  /**
   * Stops fetching, lets stages finish until `softMs`, then hands the rest back uncharged, waiting at most `hardMs` more.
   * Resolves with how many were interrupted and whether everything ended in time.
   */
  stop(deadlines: {
    readonly softMs: number;
    readonly hardMs: number;
  }): Promise<{ interrupted: number; isClean: boolean }>;
}

/** A worker process: a fetch loop per lane, one heartbeat for all claims, and the leader's duties when it holds the lease. */
export function startWorker(options: WorkerOptions): Worker {
  const { store, queue, log, leaseMs, watchdog = WATCHDOG_TIMINGS } = options;
  const stopping = new AbortController();
  const hardStop = new AbortController();
  const consumers: LaneConsumer[] = [];
  let isStoreReachable = true;

  const persist = createPersist(log, {
    lost() {
      if (!isStoreReachable) return;
      isStoreReachable = false;
      // with the queue in trouble, too, a fetch may go on: it ends in a claim that waits for Postgres
      for (const consumer of consumers) {
        consumer.pause().catch((error: unknown) => log.warn({ err: error, lane: consumer.lane }, "lane not paused"));
      }
    },
    found() {
      if (isStoreReachable) return;
      isStoreReachable = true;
      if (stopping.signal.aborted) return;
      log.info({}, "Postgres answers again; fetching goes on");
      for (const consumer of consumers) consumer.resume();
    },
  });
  const claims = createHeldClaims({ store, leaseMs, log });
  const spool = createResultSpool({ places: options.spools, log });
  const quarantine = createQuarantine();
  const inline = runInline(options.clock);

  for (const [lane, concurrency] of Object.entries(options.lanes) as [Lane, number][]) {
    const runner = options.runners?.[lane] ?? inline;
    const { registry, clock, random } = options;
    const work = createWorkTicket({
      store,
      queue,
      registry,
      clock,
      random,
      log,
      claims,
      persist,
      spool,
      quarantine,
      runner,
      leaseMs,
      worker: options.name,
      maxCrashes: options.maxCrashes,
      stopping: hardStop.signal,
    });
    consumers.push(queue.consume(lane, { concurrency, work }));
  }
  const heartbeats = beat(claims.heartbeat, leaseMs / 4, hardStop.signal, log);
  const look = watchConsumers({ consumers, queue, log, timings: watchdog, onWedged: options.onWedged });
  const watching = repeat(look, watchdog.everyMs, stopping.signal);
  const leader = options.leader && startLeader({ ...options, timings: options.leader });

  return {
    state: () => ({
      held: claims.size,
      isStoreReachable,
      isStopping: stopping.signal.aborted,
      isLeading: leader?.isLeading() ?? false,
      lanes: Object.fromEntries(consumers.map((c) => [c.lane, laneState(c, watchdog.stallMs)])),
    }),
    async stop({ softMs, hardMs }) {
      stopping.abort();
      const drained = Promise.all([stopLeading(leader), ...consumers.map((c) => c.pause())]).then(claims.whenEmpty);
      await endsWithin(drained, softMs);
      const interrupted = claims.size;
      const hardEnd = performance.now() + hardMs;
      const rest = (): number => Math.max(0, hardEnd - performance.now());
      hardStop.abort();
      claims.abortAll("shutdown");
      const isClean = await endsWithin(claims.whenEmpty(), hardMs);
      await Promise.all(consumers.map((c) => c.close(rest())));
      await endsWithin(Promise.all([heartbeats, watching]), rest());
      log.info({ interrupted, is_clean: isClean }, "worker stopped");
      return { interrupted, isClean };
    },
  };
}

function laneState(consumer: LaneConsumer, stallMs: number): LaneState {
  const { isPaused, inHand, concurrency, msSinceFetch } = consumer.state();
  return { isConsuming: !isPaused && !looksStuck(consumer, stallMs), inHand, concurrency, msSinceFetch };
}

const stopLeading = (leader: Leader | undefined): Promise<void> => leader?.stop() ?? Promise.resolve();

/** After a heartbeat that failed the next one follows sooner: the leases run on. */
const AFTER_FAILED_BEAT_MS = 500;

/** Heartbeats until the claims are gone: they go on while the worker drains. */
async function beat(heartbeat: () => Promise<void>, everyMs: number, hardStop: AbortSignal, log: Log) {
  let waitMs = everyMs;
  while (!hardStop.aborted) {
    await pause(waitMs, hardStop);
    try {
      await heartbeat();
      waitMs = everyMs;
    } catch (error) {
      waitMs = Math.min(everyMs, AFTER_FAILED_BEAT_MS);
      log.warn({ err: error }, "heartbeat failed; the leases run on");
    }
  }
}

async function repeat(act: () => Promise<void>, everyMs: number, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    await pause(everyMs, until);
    if (!until.aborted) await act();
  }
}
