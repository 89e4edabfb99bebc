import type { AlertFacts, NewAlert } from "@millrace/db";

const MINUTE_MS = 60_000;
/** C2.8: of one type of error one a minute, of a channel and level of quota one in five. */
const EVERY_MS = { failure: MINUTE_MS, other: 5 * MINUTE_MS };
const MOST_CHARACTERS = 1_500;

/** Rates say something from so many runs on. */
const LEAST_RUNS = 10;
const LEAST_SUCCESS = 0.9;
const LEAST_RECOVERY = 0.8;

const REVOKED = /invalid_grant|credentials? revoked/i;

/**
 * The alerts of C2.8, each with the fact it stands for, so that seeing it again is not telling it again. `isSteady`
 * false: Postgres may have been away just now, and who could not renew a lease is not silent yet.
 */
export function alertsOf(
  facts: AlertFacts,
  { now, isSteady }: { readonly now: Date; readonly isSteady: boolean },
): NewAlert[] {
  const alerts = [
    ...facts.failures.map(ofFailure),
    ...facts.quotas.map(ofQuota),
    ...facts.pauses.map(ofPause),
    ...(isSteady ? [...facts.silences.map(ofSilence), ...facts.stalls.map(ofStall)] : []),
    ...facts.budgets.flatMap(ofBudget),
    ...ofRuns(facts.runs, now.toISOString().slice(0, 10)),
  ];
  return alerts.map((alert) => ({ ...alert, message: alert.message.slice(0, MOST_CHARACTERS) }));
}

function ofFailure({ id, taskId, title, channel, step, code, message }: AlertFacts["failures"][number]): NewAlert {
  const isRevoked = step === "upload" && REVOKED.test(message);
  return {
    fact: `task_error:${id}`,
    kind: isRevoked ? "credential_revoked" : "task_failed",
    subject: isRevoked ? channel : code,
    severity: "critical",
    message: isRevoked
      ? `Channel ${channel} may not upload any more, its credential was revoked: ${message}`
      : `"${title}" of channel ${channel} failed at ${step ?? "its start"}: ${message} (${code})`,
    details: { task_id: taskId, channel, step, code },
    everyMs: EVERY_MS.failure,
  };
}

function ofQuota({ service, pool, date, dailyLimit, units, hasWaiting }: AlertFacts["quotas"][number]): NewAlert {
  const isSpent = hasWaiting || units >= dailyLimit;
  const kind = isSpent ? "quota_100" : "quota_80";
  const share = Math.floor((units / dailyLimit) * 100);
  return {
    fact: `${kind}:${service}:${pool}:${date}:${dailyLimit}`,
    kind,
    subject: `${service}/${pool}`,
    severity: isSpent ? "critical" : "warning",
    message: isSpent
      ? `Quota ${service} of ${pool} is spent for ${date}: ${units} of ${dailyLimit} units${hasWaiting ? ", work waits for the next day" : ""}.`
      : `Quota ${service} of ${pool}: ${units} of ${dailyLimit} units (${share} %) are used on ${date}.`,
    details: { service, pool, date, units, daily_limit: dailyLimit },
    everyMs: EVERY_MS.other,
  };
}

function ofPause({ service, pool, until, reason }: AlertFacts["pauses"][number]): NewAlert {
  const end = until.toISOString();
  return {
    // a service that moves the end by minutes says nothing new
    fact: `quota_paused:${service}:${pool}:${end.slice(0, 13)}`,
    kind: "quota_paused",
    subject: `${service}/${pool}`,
    severity: "warning",
    message: `${service} of ${pool} is paused until ${end}${reason === null ? "" : `: ${reason}`}`,
    details: { service, pool, until: end },
    everyMs: EVERY_MS.other,
  };
}

function ofSilence({ name, epoch, until }: AlertFacts["silences"][number]): NewAlert {
  return {
    fact: `worker_silent:${name}:${epoch}`,
    kind: "worker_silent",
    subject: name.slice(0, 200),
    severity: "critical",
    message: `Worker ${name} has been silent for more than 5 minutes.`,
    details: { worker: name, lease_until: until.toISOString() },
    everyMs: EVERY_MS.other,
  };
}

function ofStall({ lane, jobs, since }: AlertFacts["stalls"][number]): NewAlert {
  return {
    fact: `lane_stalled:${lane}:${since.toISOString()}`,
    kind: "lane_stalled",
    subject: lane,
    severity: "critical",
    message: `${jobs} jobs of lane ${lane} have waited for a worker for more than 5 minutes, the first since ${since.toISOString()}.`,
    details: { lane, jobs, since: since.toISOString() },
    everyMs: EVERY_MS.other,
  };
}

const usd = (amount: number): string => `${amount.toFixed(2)} USD`;

function ofBudget(budget: AlertFacts["budgets"][number]): NewAlert[] {
  const { channelId, channel, day, week, todayUsd, weekUsd, dailyUsd, weeklyUsd } = budget;
  const common = { subject: channel, everyMs: EVERY_MS.other };
  const alerts: NewAlert[] = [];
  if (dailyUsd !== null && todayUsd > dailyUsd) {
    alerts.push({
      ...common,
      fact: `budget_daily:${channelId}:${day}:${dailyUsd}`,
      kind: "budget_daily",
      severity: "warning",
      message: `Channel ${channel} has spent ${usd(todayUsd)} today, its daily budget is ${usd(dailyUsd)}.`,
      details: { channel, day, spent_usd: todayUsd, budget_usd: dailyUsd },
    });
  }
  if (weeklyUsd !== null && weekUsd >= weeklyUsd) {
    alerts.push({
      ...common,
      fact: `budget_weekly:${channelId}:${week}:${weeklyUsd}`,
      kind: "budget_weekly",
      severity: "critical",
      message: `Channel ${channel} has spent ${usd(weekUsd)} since ${week}, its weekly budget is ${usd(weeklyUsd)}: its paid steps are paused.`,
      details: { channel, week, spent_usd: weekUsd, budget_usd: weeklyUsd },
    });
  }
  return alerts;
}

function ofRuns({ finished, published, troubled, recovered }: AlertFacts["runs"], day: string): NewAlert[] {
  const rate = (kind: string, what: string, part: number, whole: number, least: number): NewAlert[] => {
    if (whole < LEAST_RUNS || part / whole >= least) return [];
    return [
      {
        fact: `${kind}:${day}`,
        kind,
        subject: "all",
        severity: "warning",
        message: `${part} of ${whole} ${what} in the last 24 hours (${Math.floor((part / whole) * 100)} %, expected ${least * 100} %).`,
        details: { part, whole },
        everyMs: EVERY_MS.other,
      },
    ];
  };
  return [
    ...rate("success_rate", "runs ended published", published, finished, LEAST_SUCCESS),
    ...rate("recovery_rate", "runs with a passing error recovered by themselves", recovered, troubled, LEAST_RECOVERY),
  ];
}
