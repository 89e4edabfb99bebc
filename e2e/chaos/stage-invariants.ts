import { groupBy } from "./group-by.ts";
import type { Invariant, Violation } from "./invariant.ts";
import type { EventRecord, RunRecord, StageLine } from "./run-record.ts";
import { overlaps, type Timeline } from "./timeline.ts";

/** How long after its end a stage's result must be where it outlives the worker, Redis answering or not. */
const SPOOLED_WITHIN_MS = { withRedis: 3_000, withDiskOnly: 6_000 } as const;

/** A result that came so shortly before somebody else's claim was still on its way. */
const ON_ITS_WAY_MS = 250;

const stageOf = ({ job, stage }: StageLine): string => `${job} ${stage}`;

const noStartAfterCommit: Invariant = {
  name: "no stage started after its commit",
  check({ log, stages, timeline }) {
    const commits = new Map(stages.map((row) => [`${row.jobId} ${row.stage}`, row]));
    const starts = log.filter(({ kind }) => kind === "start");
    const violations: Violation[] = [];
    for (const start of starts) {
      const commit = commits.get(stageOf(start));
      if (commit === undefined) continue;
      const isLate = start.t > commit.finishedAt.getTime();
      // claimed before somebody else's commit, and held up until after it: the fence refuses what comes of it
      const isZombie = start.fence < commit.fence && wasHeldUp(timeline, start, commit.finishedAt.getTime());
      if (start.fence > commit.fence || (isLate && !isZombie)) {
        violations.push({
          jobId: start.job,
          message: `${start.stage} committed under fence ${commit.fence}, started again under ${start.fence} by ${start.worker}`,
        });
      }
    }
    return { checked: starts.length, violations };
  },
};

/** Whether its process was frozen, or cut off from Postgres, around a moment. */
function wasHeldUp(timeline: Timeline, { pid, worker, t }: StageLine, since: number): boolean {
  const life = timeline.lives.find((one) => one.pid === pid && one.member === worker);
  const isFrozen = life?.frozen.some((span) => overlaps(span, since, t)) ?? false;
  return isFrozen || timeline.links.some((link) => link.member === worker && overlaps(link, since - 10_000, t));
}

interface Attempt {
  readonly start: StageLine;
  readonly end: StageLine | undefined;
  readonly next: StageLine;
}

/** Each start of a stage that had been started before, with what came of the time before. */
function repeatsOf(log: readonly StageLine[]): Attempt[] {
  return [...groupBy(log, stageOf).values()].flatMap((lines) => {
    const starts = lines.filter(({ kind }) => kind === "start").sort((a, b) => a.fence - b.fence || a.t - b.t);
    return starts.slice(1).map((next, i) => {
      const start = starts[i]!;
      const end = lines.find(
        ({ kind, fence, pid, t }) => kind !== "start" && fence === start.fence && pid === start.pid && t >= start.t,
      );
      return { start, end, next };
    });
  });
}

const CAUSES = ["asked for", "died", "frozen", "handed back", "cut off from Postgres"] as const;
type Cause = (typeof CAUSES)[number];

const GIVEN_BACK = new Set(["interrupt", "retry_later", "wait_until"]);

/** Why a stage had to run again. Undefined: nothing that happened excuses it. */
function causeOf({ start, end, next }: Attempt, run: RunRecord, events: readonly EventRecord[]): Cause | undefined {
  if (end?.kind === "throw" || end?.kind === "until") return "asked for";
  if (events.some((event) => event.fence === start.fence && GIVEN_BACK.has(event.event))) return "handed back";
  const life = run.timeline.lives.find(({ pid, member }) => pid === start.pid && member === start.worker);
  if (life?.endedAt !== undefined && life.endedAt <= next.t && life.endedBy !== "stop") return "died";
  if (life?.frozen.some((span) => overlaps(span, start.t - 1_000, next.t))) return "frozen";
  const isCutOff = run.timeline.links.some(
    (link) => link.store === "postgres" && link.member === start.worker && overlaps(link, start.t - 10_000, next.t),
  );
  return isCutOff ? "cut off from Postgres" : undefined;
}

export function countRepeats(run: RunRecord): Readonly<Record<string, number>> {
  const byJob = groupBy(run.events, ({ jobId }) => jobId);
  const counts: Record<string, number> = {};
  for (const attempt of repeatsOf(run.log)) {
    const cause = causeOf(attempt, run, byJob.get(attempt.start.job) ?? []) ?? "unexplained";
    counts[cause] = (counts[cause] ?? 0) + 1;
  }
  return counts;
}

const repeatsAreExcused: Invariant = {
  name: "stages run again only after a loss",
  check(run) {
    const byJob = groupBy(run.events, ({ jobId }) => jobId);
    const repeats = repeatsOf(run.log);
    const violations = repeats
      .filter((attempt) => causeOf(attempt, run, byJob.get(attempt.start.job) ?? []) === undefined)
      .map(({ start, end, next }) => ({
        jobId: start.job,
        message: `${start.stage} under fence ${start.fence} by ${start.worker} (${end?.kind ?? "no end"}), again under ${next.fence} by ${next.worker} ${next.t - start.t} ms later`,
      }));
    return { checked: repeats.length, violations };
  },
};

const finishedIsNotRedone: Invariant = {
  name: "finished work is not done again",
  check(run) {
    const { timeline, log } = run;
    const claims = groupBy(
      run.events.filter(({ event }) => event === "claim"),
      ({ jobId }) => jobId,
    );
    const ends = log.filter(({ kind }) => kind === "end");
    const starts = groupBy(
      log.filter(({ kind }) => kind === "start"),
      stageOf,
    );
    const violations: Violation[] = [];
    for (const end of ends) {
      const again = starts.get(stageOf(end))?.find(({ fence, t }) => fence > end.fence && t > end.t);
      if (again === undefined) continue;
      // somebody else had taken the job over before this end: it came too late to count
      const next = claims.get(end.job)?.find(({ fence }) => (fence ?? 0) > end.fence);
      if (next === undefined || next.at.getTime() <= end.t + ON_ITS_WAY_MS || !hadTimeToSpool(timeline, end)) continue;
      if (timeline.redisLosses.some((at) => at >= end.t && at <= again.t)) continue;
      violations.push({
        jobId: end.job,
        message: `${end.stage} ended under fence ${end.fence} in ${end.worker}, again under ${again.fence} ${again.t - end.t} ms later`,
      });
    }
    return { checked: ends.length, violations };
  },
};

/** Whether the process lived, and ran, for as long as it takes to put a result aside. */
function hadTimeToSpool({ lives, links, outages }: Timeline, { pid, worker, t }: StageLine): boolean {
  const isRedisAway =
    outages.some((outage) => outage.store === "redis" && overlaps(outage, t, t + 3_000)) ||
    links.some((link) => link.store === "redis" && link.member === worker && overlaps(link, t - 1_000, t + 3_000));
  const needed = isRedisAway ? SPOOLED_WITHIN_MS.withDiskOnly : SPOOLED_WITHIN_MS.withRedis;
  const life = lives.find((one) => one.pid === pid && one.member === worker);
  if (life === undefined) return false;
  return (
    (life.endedAt ?? Number.POSITIVE_INFINITY) >= t + needed &&
    !life.frozen.some((span) => overlaps(span, t, t + needed))
  );
}

export const STAGE_INVARIANTS: readonly Invariant[] = [noStartAfterCommit, repeatsAreExcused, finishedIsNotRedone];
