import { isTerminal, type JobEvent, type JobStatus, jobLifecycle, nextState } from "@millrace/core";

/** A row of `job_events`, with whose job it is. `id` is the order in which things happened. */
export interface HistoryRow {
  readonly id: number;
  readonly jobId: string;
  /** Owner and resource key: at most one job of it may be active at a time. */
  readonly key: string;
  readonly event: string;
  readonly from: JobStatus | null;
  readonly to: JobStatus;
  readonly fence: number | null;
}

export const HISTORY_RULES = [
  "begins_with_submit",
  "legal_step",
  "unbroken_chain",
  "terminal_is_left",
  "fence_rises",
  "old_fence",
  "claim_before_settlement",
  "cancel_is_honoured",
  "one_active",
] as const;
export type HistoryRule = (typeof HISTORY_RULES)[number];

export interface HistoryViolation {
  readonly rule: HistoryRule;
  readonly jobId: string;
  readonly eventId: number;
  readonly message: string;
}

/** Events only the holder of a claim may cause. A `cancel` may be anybody's. */
const SETTLEMENTS = new Set<string>([
  "advance",
  "hand_over",
  "complete",
  "fail",
  "retry_later",
  "wait_for_quota",
  "wait_until",
  "wait_for_review",
  "wait_for_turn",
  "interrupt",
] satisfies JobEvent[]);

/** Whoever gives out tickets may find that a job has no quota left. */
function isSettlement({ event, from }: HistoryRow): boolean {
  return SETTLEMENTS.has(event) && !(event === "wait_for_quota" && from === "pending");
}

/** The one settlement after which the claim goes on. */
const KEEPS_CLAIM = "advance" satisfies JobEvent;

interface JobState {
  status: JobStatus | undefined;
  /** Of the newest claim; 0 before the first. */
  fence: number;
  isHeld: boolean;
  isCancelRequested: boolean;
}

/**
 * Reads whole histories in the order of their ids and says what cannot have happened. Pure. Ids give the order because
 * each event is written under the lock of its job's row, and a new job's only after the former one of its key was over.
 */
export function checkHistory(rows: readonly HistoryRow[]): HistoryViolation[] {
  const violations: HistoryViolation[] = [];
  const jobs = new Map<string, JobState>();
  const active = new Map<string, Set<string>>();
  for (const row of [...rows].sort((a, b) => a.id - b.id)) {
    const state = jobs.get(row.jobId) ?? { status: undefined, fence: 0, isHeld: false, isCancelRequested: false };
    jobs.set(row.jobId, state);
    const complain = (rule: HistoryRule, message: string): void => {
      violations.push({ rule, jobId: row.jobId, eventId: row.id, message: `${row.event}: ${message}` });
    };
    checkStep(row, state, complain);
    checkFence(row, state, complain);
    apply(row, state);
    checkOneActive(row, active, complain);
  }
  return violations;
}

type Complain = (rule: HistoryRule, message: string) => void;

function checkStep(row: HistoryRow, state: JobState, complain: Complain): void {
  const { event, from, to } = row;
  if (event === "submit") {
    if (state.status !== undefined) complain("begins_with_submit", "submitted twice");
    if (from !== null || to !== jobLifecycle.initial) complain("legal_step", `a new job is not ${from} → ${to}`);
    return;
  }
  if (state.status === undefined) complain("begins_with_submit", "there was no submit before");
  else if (isTerminal(state.status)) complain("terminal_is_left", `the job was ${state.status}`);
  else if (from !== state.status) complain("unbroken_chain", `from ${from}, but the job was ${state.status}`);
  if (from === null || nextState(jobLifecycle, from, event as JobEvent) !== to) {
    complain("legal_step", `${from} → ${to} is not in the lifecycle`);
  }
  if (state.isCancelRequested && event !== "cancel") complain("cancel_is_honoured", "a cancel was requested before");
}

function checkFence(row: HistoryRow, state: JobState, complain: Complain): void {
  const { event, fence } = row;
  if (event === "claim" && (fence ?? 0) <= state.fence) {
    complain("fence_rises", `fence ${fence} after ${state.fence}`);
  }
  if (!isSettlement(row)) return;
  if (fence === null || fence < state.fence)
    complain("old_fence", `fence ${fence}, the newest claim has ${state.fence}`);
  else if (!state.isHeld || fence > state.fence) {
    complain("claim_before_settlement", `fence ${fence} holds no claim (the newest is ${state.fence})`);
  }
}

function apply(row: HistoryRow, state: JobState): void {
  const { event, to, fence } = row;
  state.status = to;
  if (event === "request_cancel") state.isCancelRequested = true;
  if (event === "claim") {
    state.fence = Math.max(state.fence, fence ?? 0);
    state.isHeld = true;
  } else if (isSettlement(row) && event !== KEEPS_CLAIM && fence === state.fence) {
    state.isHeld = false;
  }
}

function checkOneActive(row: HistoryRow, active: Map<string, Set<string>>, complain: Complain): void {
  const jobs = active.get(row.key) ?? new Set<string>();
  active.set(row.key, jobs);
  if (isTerminal(row.to)) {
    jobs.delete(row.jobId);
    return;
  }
  if (row.event !== "submit") return;
  const others = [...jobs].filter((jobId) => jobId !== row.jobId);
  if (others.length > 0) complain("one_active", `${row.key} is already worked on by ${others.join(", ")}`);
  jobs.add(row.jobId);
}
