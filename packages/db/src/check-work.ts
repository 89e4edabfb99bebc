import type { Finding } from "@millrace/core";
import type { Database } from "./database.ts";
import { countWrongQuotas } from "./statements/quotas.ts";
import { tasksOutOfStep } from "./statements/tasks-out-of-step.ts";
import { countWrongTurns } from "./statements/turns.ts";

/** More than this is said as "more than". */
const COUNTED = 1_000;

/**
 * Bounded counts, each from its own partial index. Retries of a paused lane and callbacks of a disabled endpoint wait on
 * purpose; a cancel waits for its worker's lease to end.
 */
const WORK = `
with late as (select now() - $1::float8 * interval '1 ms' as before)
select
  (select holder from leases where name = 'leader' and expires_at > now()) as leader,
  (select count(*)::int from (
    select 1 from pipeline_jobs
    where cancel_requested_at < (select before from late) and status in ('pending', 'processing')
      and coalesce(lease_until < (select before from late), true)
    limit ${COUNTED + 1}
  ) c) as cancels,
  (select count(*)::int from (
    select 1 from queue_settings q
    join pipeline_jobs j on j.lane = q.lane
    where not q.is_paused and j.dispatched_at is null and j.status = 'pending' and j.waiting_for in ('retry', 'quota')
      and j.next_retry_at < (select before from late) and j.cancel_requested_at is null
    limit ${COUNTED + 1}
  ) r) as retries,
  (select count(*)::int from (
    select 1 from callback_endpoints e
    join callback_deliveries d on d.endpoint_id = e.id
    where e.is_enabled and d.status = 'pending' and d.next_attempt_at < (select before from late)
    limit ${COUNTED + 1}
  ) d) as deliveries
`;

interface WorkRow {
  readonly leader: string | null;
  readonly cancels: number;
  readonly retries: number;
  readonly deliveries: number;
}

/** Whether somebody leads, and what should have moved more than `lateMs` ago and has not. Needs the newest schema. */
export async function checkWork(
  db: Pick<Database, "query">,
  { lateMs }: { readonly lateMs: number },
): Promise<Finding[]> {
  const [row] = await db.query<WorkRow>(WORK, [lateMs]);
  const { leader, cancels, retries, deliveries } = row!;
  const wrongTurns = await countWrongTurns(db.query);
  const wrongQuotas = await countWrongQuotas(db.query);
  const wrongTasks = await tasksOutOfStep(db.query, COUNTED + 1);
  return [
    leader === null
      ? {
          check: "leader",
          severity: "warning",
          message: "No worker leads: backlog, retries and repairs stand still",
          fix: "Start a worker with CAN_LEAD=true (the default).",
        }
      : { check: "leader", severity: "ok", message: `${leader} leads` },
    lateFinding("late_cancels", cancels, {
      one: "requested cancels whose worker is gone are not finished",
      fix: "The leader finishes them: see that a worker is up.",
    }),
    lateFinding("late_retries", retries, {
      one: "retries are due and have no ticket",
      fix: "See that a worker leads, and whether the lane's window is full (millrace lanes).",
    }),
    lateFinding("late_callbacks", deliveries, {
      one: "callbacks are due and not sent",
      fix: "See that a worker with CALLBACKS=true is up and can reach the receivers.",
    }),
    judgeTurns(wrongTurns),
    judgeQuotas(wrongQuotas),
    judgeTasks(wrongTasks),
  ];
}

function judgeTasks(wrong: readonly string[]): Finding {
  const check = "tasks";
  if (wrong.length === 0) return { check, severity: "ok", message: "tasks are where their jobs are" };
  const amount = wrong.length > COUNTED ? `more than ${COUNTED}` : String(wrong.length);
  return {
    check,
    severity: "warning",
    message: `${amount} tasks are not where their jobs are, such as ${wrong[0]}`,
    fix: "Queue them again, after cancelling those that are still active: their next run begins where they stand.",
  };
}

function judgeTurns(wrong: number): Finding {
  const check = "turns";
  if (wrong === 0) return { check, severity: "ok", message: "channels count the jobs that wait in them" };
  return {
    check,
    severity: "warning",
    message: `${wrong} channels count other jobs than wait in them: these may never get a turn`,
    fix: "The leader repairs this every five minutes: see that a worker is up.",
  };
}

function judgeQuotas(wrong: number): Finding {
  const check = "quotas";
  if (wrong === 0)
    return { check, severity: "ok", message: "units are reserved for jobs under way, and for no others" };
  return {
    check,
    severity: "warning",
    message: `${wrong} counts of reserved units are wrong: jobs may wait for a quota that has room`,
    fix: "The leader repairs this every five minutes: see that a worker is up.",
  };
}

function lateFinding(
  check: string,
  count: number,
  { one, fix }: { readonly one: string; readonly fix: string },
): Finding {
  if (count === 0) return { check, severity: "ok", message: "nothing is late" };
  const amount = count > COUNTED ? `more than ${COUNTED}` : String(count);
  return { check, severity: "warning", message: `${amount} ${one}`, fix };
}
