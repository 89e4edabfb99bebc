import { ACTIVE_STATUSES, JOB_STATUSES, type JobStatus, TERMINAL_STATUSES } from "../job.ts";
import type { Lifecycle } from "./lifecycle.ts";

/** Everything that can happen to a job after it was accepted; `job_events.event` holds one of these or `submit`. */
export const JOB_EVENTS = [
  "claim",
  "advance",
  "hand_over",
  "wait_for_turn",
  "complete",
  "fail",
  "retry_later",
  "wait_for_quota",
  "wait_until",
  "wait_for_review",
  "interrupt",
  "cancel",
  "request_cancel",
  "approve",
  "reject",
  "dispatch",
  "redispatch",
] as const;
export type JobEvent = (typeof JOB_EVENTS)[number];

export type JobActor = "worker" | "caller" | "leader" | "reviewer";

/** The lifecycle of a pipeline job (A-S06, B-S03): five statuses, terminal ones are never left. */
export const jobLifecycle: Lifecycle<JobStatus, JobEvent, JobActor> = {
  name: "job",
  states: JOB_STATUSES,
  initial: "pending",
  terminal: TERMINAL_STATUSES,
  transitions: [
    { event: "claim", from: ACTIVE_STATUSES, to: "processing", by: "worker" },
    { event: "advance", from: ["processing"], to: "processing", by: "worker" },
    { event: "hand_over", from: ["processing"], to: "processing", by: "worker" },
    { event: "wait_for_turn", from: ["processing"], to: "pending", by: "worker" },
    { event: "complete", from: ["processing"], to: "completed", by: "worker" },
    { event: "fail", from: ["processing"], to: "failed", by: "worker" },
    { event: "retry_later", from: ["processing"], to: "pending", by: "worker" },
    { event: "wait_for_quota", from: ["processing"], to: "pending", by: "worker" },
    // picked, and its quota has no room
    { event: "wait_for_quota", from: ["pending"], to: "pending", by: "leader" },
    { event: "wait_until", from: ["processing"], to: "pending", by: "worker" },
    { event: "wait_for_review", from: ["processing"], to: "pending", by: "worker" },
    { event: "interrupt", from: ["processing"], to: "processing", by: "worker" },
    { event: "cancel", from: ACTIVE_STATUSES, to: "cancelled", by: "caller" },
    { event: "request_cancel", from: ["processing"], to: "processing", by: "caller" },
    { event: "approve", from: ["pending"], to: "pending", by: "reviewer" },
    { event: "reject", from: ["pending"], to: "failed", by: "reviewer" },
    { event: "dispatch", from: ["pending"], to: "pending", by: "leader" },
    { event: "redispatch", from: ACTIVE_STATUSES, to: "same", by: "leader" },
  ],
};
