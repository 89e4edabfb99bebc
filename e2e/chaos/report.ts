import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Verdict } from "./invariant.ts";
import { INVARIANTS } from "./invariants.ts";
import { describePlan, type Plan } from "./plan-faults.ts";
import type { RunRecord } from "./run-record.ts";
import { countRepeats } from "./stage-invariants.ts";

export interface Judged extends Verdict {
  readonly name: string;
}

export const judge = (run: RunRecord): Judged[] => INVARIANTS.map(({ name, check }) => ({ name, ...check(run) }));

const VIOLATIONS_SHOWN = 4;
const JOBS_SHOWN = 2;
const LOG_LINES_SHOWN = 25;

export function table(verdicts: readonly Judged[]): string[] {
  const width = Math.max(...verdicts.map(({ name }) => name.length));
  return [
    `${"invariant".padEnd(width)}  checked  violations`,
    ...verdicts.map(({ name, checked, violations }) => {
      const mark = violations.length > 0 ? "  RED" : checked === 0 ? "  (nothing to check)" : "";
      return `${name.padEnd(width)}  ${String(checked).padStart(7)}  ${String(violations.length).padStart(10)}${mark}`;
    }),
  ];
}

/** What happened in the run, as numbers. */
export function countsOf(run: RunRecord): Record<string, unknown> {
  const jobs = [...run.jobs.values()];
  const by = (values: readonly string[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const value of [...values].sort()) counts[value] = (counts[value] ?? 0) + 1;
    return counts;
  };
  const starts = run.log.filter(({ kind }) => kind === "start").length;
  const deaths = run.timeline.lives.filter(({ endedBy }) => endedBy === "kill" || endedBy === "exit");
  return {
    accepted: run.client.accepted.length,
    rows: jobs.length,
    ...by(jobs.map(({ status }) => status)),
    failed_with: by(jobs.flatMap(({ errorCode, status }) => (status === "failed" ? [errorCode ?? ""] : []))),
    duplicates: run.client.accepted.filter(({ deduplicated }) => deduplicated).length,
    tries_without_answer: run.client.failedTries,
    cancels: by(run.client.cancels.map(({ outcome }) => outcome)),
    reviews: by(run.client.reviews.map(({ outcome }) => outcome)),
    stage_starts: starts,
    stage_results: run.stages.length,
    stage_repeats: countRepeats(run),
    process_deaths: by(deaths.map(({ endedBy, exitCode }) => `${endedBy} ${exitCode}`)),
    events: by(run.events.map(({ event }) => event)),
    callbacks: by(run.deliveries.map(({ status }) => status)),
    callback_requests: run.sink.length,
    drained: run.drained.isDrained,
    drain_seconds: Number(run.drained.seconds.toFixed(1)),
  };
}

/** What somebody needs who has to find out why. */
export function explain(run: RunRecord, plan: Plan, verdicts: readonly Judged[], folder: string): string[] {
  const red = verdicts.filter(({ violations }) => violations.length > 0);
  const lines = [`seed ${plan.seed}, ${plan.seconds} s. The schedule:`, ...describePlan(plan)];
  if (run.drained.stuck.length > 0)
    lines.push("unfinished after the drain:", ...run.drained.stuck.map((s) => `  ${s}`));
  for (const { name, violations } of red) {
    lines.push(`${name}: ${violations.length}`);
    for (const { message, jobId } of violations.slice(0, VIOLATIONS_SHOWN)) lines.push(`  ${jobId ?? ""} ${message}`);
    if (violations.length > VIOLATIONS_SHOWN) lines.push(`  … and ${violations.length - VIOLATIONS_SHOWN} more`);
  }
  const jobs = [
    ...new Set(red.flatMap(({ violations }) => violations.slice(0, 1)).flatMap(({ jobId }) => jobId ?? [])),
  ];
  for (const jobId of jobs.slice(0, JOBS_SHOWN)) lines.push(...explainJob(run, jobId, folder));
  return lines;
}

function explainJob(run: RunRecord, jobId: string, folder: string): string[] {
  const clock = (at: number): string => new Date(at).toISOString().slice(11, 23);
  const events = run.events
    .filter((event) => event.jobId === jobId)
    .map(({ at, event, from, to, stage, fence, actor, reason }) => ({
      at: at.getTime(),
      text: `${event} ${from ?? ""} → ${to} ${stage ?? ""} fence ${fence ?? "-"} ${actor} ${reason ?? ""}`,
    }));
  const starts = run.log
    .filter(({ job }) => job === jobId)
    .map(({ t, kind, stage, fence, worker, pid }) => ({
      at: t,
      text: `      stage ${stage} ${kind} fence ${fence} ${worker} pid ${pid}`,
    }));
  const both = [...events, ...starts].sort((a, b) => a.at - b.at);
  return [
    `job ${jobId}: ${JSON.stringify(run.jobs.get(jobId))}`,
    ...both.map(({ at, text }) => `  ${clock(at)}  ${text}`),
    ...processLines(folder, jobId).map((line) => `  ${line}`),
  ];
}

function processLines(folder: string, jobId: string): string[] {
  const logs = join(folder, "logs");
  const lines = readdirSync(logs).flatMap((name) =>
    readFileSync(join(logs, name), "utf8")
      .split("\n")
      .filter((line) => line.includes(jobId))
      .map((line) => `${name} ${line.length > 400 ? `${line.slice(0, 400)}…` : line}`),
  );
  return lines.slice(-LOG_LINES_SHOWN);
}
