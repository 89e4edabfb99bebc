export const JOB_STATUSES = ["pending", "processing", "completed", "failed", "cancelled"] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const ACTIVE_STATUSES = ["pending", "processing"] as const satisfies readonly JobStatus[];
export const TERMINAL_STATUSES = ["completed", "failed", "cancelled"] as const satisfies readonly JobStatus[];
export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];

export function isTerminal(status: JobStatus): status is TerminalStatus {
  return (TERMINAL_STATUSES as readonly JobStatus[]).includes(status);
}

/** Why a pending job has no ticket: its turn has not come, a retry or quota is due later, a human decides. */
export const WAIT_REASONS = ["turn", "retry", "quota", "review"] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

export const PRIORITIES = ["high", "normal", "low"] as const;
export type Priority = (typeof PRIORITIES)[number];

export const DATA_TIERS = ["compact", "full"] as const;
export type DataTier = (typeof DATA_TIERS)[number];

/** A class of workers; one queue each. */
export const LANES = ["io", "cpu", "media"] as const;
export type Lane = (typeof LANES)[number];
