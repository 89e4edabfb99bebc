import type { GatePolicy, GateRefusal } from "../gate.ts";
import type { DataTier, JobStatus, Lane, Priority, WaitReason } from "../job.ts";
import type { Json, JsonObject } from "../json.ts";
import type { QuotaNeed } from "../quota.ts";
import type { Settlement } from "../settlement.ts";
import type { Ticket } from "../ticket.ts";
import type { LaneLimits, RateLimit } from "./ticket-queue.ts";

/** A job to be accepted. Ids are made by the caller (uuid v7), so a lost reply can be asked for again. */
export interface NewJob {
  readonly id: string;
  readonly ownerId: string;
  readonly pipeline: string;
  readonly pipelineVersion: string;
  readonly resourceKey: string;
  readonly stage: string;
  readonly stageIndex: number;
  readonly lane: Lane;
  readonly stageCount: number;
  /** Of the stage it begins at. */
  readonly quota?: QuotaNeed | null;
  readonly priority: Priority;
  readonly channelId: string | null;
  readonly dataTier: DataTier;
  readonly maxRetries: number;
  readonly input: Json;
  readonly metadata: JsonObject;
  readonly idempotencyKey: string | null;
  readonly traceparent: string | null;
  /** Insert as dispatched (dispatch_no 1), because the submitter adds the ticket; otherwise into the backlog. */
  readonly isDispatched: boolean;
  /** The content the job works on: its stub row is inserted with the job, or the owner's existing row of that key is used. */
  readonly content: NewContent | null;
}

export interface NewContent {
  readonly id: string;
  readonly contentType: string;
  readonly title: string | null;
  readonly sourceUrl: string | null;
  readonly filePath: string | null;
  readonly fileName: string | null;
  readonly fileSize: number | null;
  readonly tags: readonly string[];
  /** Run again although the content is already completed (reprocess, force). */
  readonly isForced: boolean;
}

export type Submitted =
  | {
      /** `created`: a new job. `active`: the job that was already active for this owner and key. `replayed`: the job this idempotency key made before. */
      readonly kind: "created" | "active" | "replayed";
      readonly jobId: string;
      readonly seq: number;
      readonly status: JobStatus;
      readonly contentId: string | null;
      /** Fingerprint the idempotency key was first used with (kept in `metadata.request_fingerprint`). */
      readonly requestFingerprint: string | null;
    }
  /** The content is complete and no run was forced. */
  | { readonly kind: "content_completed"; readonly contentId: string };

/** A ticket's word: which dispatch of which job. Which stage is due the row says. */
export interface ClaimRequest {
  readonly jobId: string;
  readonly dispatchNo: number;
}

/** A job in a worker's hands. Every later write of this claim names `fence`. */
export interface ClaimedJob {
  readonly id: string;
  readonly seq: number;
  readonly ownerId: string;
  readonly pipeline: string;
  readonly pipelineVersion: string;
  readonly resourceKey: string;
  readonly contentId: string | null;
  readonly channelId: string | null;
  readonly priority: Priority;
  readonly dataTier: DataTier;
  readonly stage: string;
  readonly fence: number;
  readonly dispatchNo: number;
  /** Tries of this stage, this one included. */
  readonly stageAttempts: number;
  /** Times this stage's claim ran out because its worker died. */
  readonly crashes: number;
  /** The claim before this one ran out unsettled: its worker died or was cut off, perhaps after finishing the stage. */
  readonly isRecovered: boolean;
  readonly retryCount: number;
  readonly maxRetries: number;
  readonly input: Json;
  readonly outputs: Readonly<Record<string, Json>>;
  readonly traceparent: string | null;
}

export type ClaimAnswer =
  | { readonly kind: "claimed"; readonly job: ClaimedJob }
  /** Someone holds a live lease for `remainingMs` more. */
  | { readonly kind: "leased"; readonly remainingMs: number }
  /** Free, but this worker does not know what is due; nothing was changed. `waitedMs` since its ticket was given. */
  | {
      readonly kind: "unknown_stage";
      readonly pipeline: string;
      readonly pipelineVersion: string;
      readonly stage: string;
      readonly waitedMs: number;
    }
  /** Nobody holds it and a cancel was requested: finish the cancel. */
  | { readonly kind: "cancel_requested" }
  /** Finished, elsewhere, superseded or unknown: the ticket means nothing. */
  | { readonly kind: "void" };

/** Who claims. */
export interface Claimer {
  readonly worker: string;
  readonly leaseMs: number;
  /** What this worker can run, each as `stageName` says; `unknown_stage` for everything else. Absent: it can run all. */
  readonly stages?: readonly string[];
}

/** How a claimer names a stage: versions of the same major number run each other's jobs. */
export const stageName = (pipeline: string, version: string, stage: string): string =>
  `${pipeline} ${version.split(".")[0]} ${stage}`;

export interface HeldClaim {
  readonly jobId: string;
  readonly fence: number;
  /** 0 to 100; only ever raises the row's. */
  readonly progress: number | null;
}

export interface HeldAnswer {
  readonly jobId: string;
  readonly fence: number;
  readonly isCancelRequested: boolean;
}

export interface SettleRequest {
  readonly jobId: string;
  readonly stage: string;
  readonly fence: number;
  readonly settlement: Settlement;
}

export type SettleAnswer =
  /** Applied now; `status` tells whether a requested cancel won. `ticket` is set when a hand-over needs one. */
  | {
      readonly kind: "applied";
      readonly status: JobStatus;
      readonly ticket: Ticket | null;
      readonly isEarlyApproved: boolean;
    }
  /**
   * This very settlement was applied before and only its reply was lost: go on from where the row is now. `ticket` is set
   * when the row still waits for the worker this settlement handed it to.
   */
  | { readonly kind: "already_applied"; readonly status: JobStatus; readonly ticket: Ticket | null }
  /** A newer claim owns the job, or this one was given up: write nothing, stop. */
  | { readonly kind: "fenced" };

export interface CancelRequest {
  readonly jobId: string;
  /** null: any owner (admin, leader). */
  readonly ownerId: string | null;
  readonly by: string;
  readonly reason: string | null;
}

export type CancelAnswer =
  | { readonly kind: "cancelled"; readonly ticket: Ticket }
  | { readonly kind: "requested"; readonly status: "processing" }
  | { readonly kind: "terminal"; readonly status: JobStatus }
  | { readonly kind: "not_found" };

export interface PriorityChange {
  readonly jobId: string;
  /** null: any owner. */
  readonly ownerId: string | null;
  readonly priority: Priority;
}

export type PriorityAnswer =
  /** `before`: what it was, which may be the same. */
  | { readonly kind: "changed"; readonly before: Priority }
  | { readonly kind: "terminal"; readonly status: JobStatus }
  | { readonly kind: "not_found" };

export interface ReviewDecision {
  readonly jobId: string;
  readonly ownerId: string | null;
  readonly gate: string;
  readonly decision: "approved" | "rejected";
  readonly decidedBy: string;
  /** What the one who decides is; a gate may ask for one of them. */
  readonly roles: readonly string[];
  readonly comment: string | null;
  /** What else the pipeline wants to know, such as the parts to be made again; kept with the decision. */
  readonly details?: JsonObject | null;
}

export type ReviewAnswer =
  /** The job was waiting at this gate and moved on. */
  | { readonly kind: "applied"; readonly status: JobStatus }
  /** The job has not reached the gate; the decision is kept, and judged by the gate's policy when the job arrives. */
  | { readonly kind: "kept" }
  /** It counts, and more people have to approve. */
  | { readonly kind: "counted"; readonly approvals: number; readonly needed: number }
  /** The gate's policy does not let this person decide this way; nothing was written. */
  | { readonly kind: "refused"; readonly rule: GateRefusal; readonly policy: GatePolicy }
  /** This gate, or this person at it, decided before; the first decision stands. */
  | { readonly kind: "already_decided"; readonly decision: "approved" | "rejected" }
  | { readonly kind: "terminal"; readonly status: JobStatus }
  | { readonly kind: "not_found" };

/** A gate a job has arrived at, with what was decided there, oldest first. */
export interface GateRow {
  readonly jobId: string;
  readonly gate: string;
  /** Null while the job has not arrived: decisions that came early. */
  readonly policy: GatePolicy | null;
  readonly openedAt: Date | null;
  readonly expiresAt: Date | null;
  readonly closedAt: Date | null;
  readonly verdict: "approved" | "rejected" | "expired" | null;
  readonly reviews: readonly ReviewRow[];
}

export interface ReviewRow {
  readonly decision: "approved" | "rejected";
  readonly decidedBy: string;
  readonly roles: readonly string[];
  readonly comment: string | null;
  readonly details?: JsonObject | null;
  readonly at: Date;
}

/** A dispatched, unfinished job without a live lease: it should have a live ticket. */
export interface TicketDue {
  readonly ticket: Ticket;
  readonly fence: number;
  /** A claim ran out, rather than none having been made yet. */
  readonly isLeaseOver: boolean;
}

/** What a row says about its ticket, for comparing the queue with the record. */
export interface TicketLevel {
  readonly jobId: string;
  readonly lane: Lane;
  readonly status: JobStatus;
  readonly dispatchNo: number;
  /** False in the backlog, at a gate and when finished: it should have no ticket then. */
  readonly isDispatched: boolean;
}

export interface LaneSetting extends LaneLimits {
  /** How many tickets the lane may hold in the queue. */
  readonly windowTickets: number;
  /** Published by the leader; stale or closed means new jobs go to the backlog. */
  readonly hasRoom: boolean;
}

/** An operator's change; what is left out stays. */
export interface LaneChange {
  readonly isPaused?: boolean;
  readonly concurrency?: number | null;
  readonly rateLimit?: RateLimit | null;
  readonly windowTickets?: number;
}

export interface JobFilter {
  readonly ownerId: string | null;
  readonly status?: JobStatus | undefined;
  readonly pipeline?: string | undefined;
  readonly contentId?: string | undefined;
  readonly resourceKey?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly limit: number;
  /** Keyset: rows after this one in (created_at desc, id desc). */
  readonly after?: { readonly createdAt: Date; readonly id: string } | undefined;
}

/** A job as readers see it. */
export interface JobRow {
  readonly id: string;
  readonly seq: number;
  readonly ownerId: string;
  readonly pipeline: string;
  readonly pipelineVersion: string;
  readonly resourceKey: string;
  readonly contentId: string | null;
  readonly channelId: string | null;
  readonly priority: Priority;
  readonly status: JobStatus;
  readonly waitingFor: WaitReason | null;
  readonly gate: string | null;
  readonly lane: Lane;
  readonly stage: string;
  readonly stageIndex: number;
  readonly stageCount: number;
  readonly progress: number;
  readonly dispatchNo: number;
  readonly dispatchedAt: Date | null;
  readonly fence: number;
  readonly leaseUntil: Date | null;
  readonly worker: string | null;
  readonly stageAttempts: number;
  readonly crashes: number;
  readonly retryCount: number;
  readonly maxRetries: number;
  readonly nextRetryAt: Date | null;
  readonly cancelRequestedAt: Date | null;
  readonly cancelRequestedBy: string | null;
  readonly cancelReason: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly errorStage: string | null;
  /** Where the error was thrown; of jobs of the full tier, and only where one job is asked for. */
  readonly errorStack?: string | null;
  readonly dataTier: DataTier;
  readonly idempotencyKey: string | null;
  readonly input: Json;
  readonly result: Json | null;
  readonly metadata: JsonObject;
  readonly duplicateCount: number;
  readonly traceparent: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly updatedAt: Date;
}

export interface StageRow {
  readonly stage: string;
  readonly fence: number;
  readonly attempt: number;
  readonly warnings: Json;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly output: Json;
}

export interface EventRow {
  readonly id: number;
  readonly event: string;
  readonly fromStatus: JobStatus | null;
  readonly toStatus: JobStatus;
  readonly stage: string | null;
  readonly fence: number | null;
  readonly actor: string;
  readonly reason: string | null;
  readonly at: Date;
}

export interface DeliveryRow {
  readonly id: string;
  readonly event: string;
  readonly status: "pending" | "delivered" | "exhausted";
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly lastStatusCode: number | null;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly deliveredAt: Date | null;
}

/**
 * The record of jobs. Each method is one conditional statement; Postgres' clock is the only one. Any of them can reject
 * with STORE_UNAVAILABLE, after which nothing is known: ask again, every method is safe to repeat.
 */
export interface JobStore {
  submit(job: NewJob): Promise<Submitted>;
  claim(request: ClaimRequest, claimer: Claimer): Promise<ClaimAnswer>;
  /** Extends the leases of the claims still held; a pair that does not come back is lost. */
  heartbeat(held: readonly HeldClaim[], leaseMs: number): Promise<HeldAnswer[]>;
  /** `leaseMs` is the fresh lease when the settlement keeps the claim. */
  settle(request: SettleRequest, holder: { readonly worker: string; readonly leaseMs: number }): Promise<SettleAnswer>;
  cancel(request: CancelRequest): Promise<CancelAnswer>;
  decideReview(decision: ReviewDecision): Promise<ReviewAnswer>;
  /** A job in the backlog changes its line at once; one that has a ticket keeps it. */
  changePriority(change: PriorityChange): Promise<PriorityAnswer>;

  /** Leader: gives backlog jobs of one lane their ticket, at most `limit`, in the order of `nextJob`. Nothing while another leader does. */
  dispatch(lane: Lane, limit: number): Promise<Ticket[]>;
  /** Leader: a page of jobs that should have a live ticket, in order of seq, dispatched at least `graceMs` ago. */
  listTicketsDue(page: {
    readonly afterSeq: number;
    readonly limit: number;
    readonly graceMs: number;
    /** False right after an outage: workers that live have not had the time to extend their leases. */
    readonly withLeasesOver: boolean;
  }): Promise<TicketDue[]>;
  /** What the rows of these jobs say about their tickets; an unknown id is left out. At most 1,000 ids. */
  ticketLevels(jobIds: readonly string[]): Promise<TicketLevel[]>;
  /** Leader: new tickets for those of `due` that nobody touched since they were read. */
  redispatch(due: readonly TicketDue[]): Promise<Ticket[]>;
  /** Leader: ends jobs at gates nobody decided at in time, as each gate's policy says. Returns how many. */
  expireGates(limit: number): Promise<number>;
  /** Leader: cancels jobs whose cancel was requested and whose lease ran out. Returns how many. */
  finishExpiredCancels(limit: number): Promise<number>;
  /** Leader: takes or keeps the lease called `name`; the epoch when held, undefined when somebody else has it. */
  acquireLeadership(name: string, holder: string, ttlMs: number): Promise<number | undefined>;
  releaseLeadership(name: string, holder: string): Promise<void>;

  laneSettings(): Promise<LaneSetting[]>;
  changeLane(lane: Lane, change: LaneChange): Promise<LaneSetting>;
  /** Leader: says whether a lane takes direct tickets. */
  publishRoom(lane: Lane, hasRoom: boolean): Promise<void>;

  findJob(jobId: string, ownerId: string | null): Promise<JobRow | undefined>;
  listJobs(filter: JobFilter): Promise<JobRow[]>;
  listStages(jobId: string): Promise<StageRow[]>;
  listEvents(jobId: string): Promise<EventRow[]>;
  listGates(jobId: string): Promise<GateRow[]>;
  listDeliveries(jobId: string): Promise<DeliveryRow[]>;
  /** Rejects when Postgres does not answer within `timeoutMs`. */
  ping(timeoutMs: number): Promise<void>;
}
