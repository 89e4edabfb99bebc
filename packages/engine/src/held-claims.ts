import type { ClaimedJob, JobStore, Log } from "@millrace/core";

/** Why a stage's signal aborts. */
export type AbortCause = "lease_lost" | "cancel" | "timeout" | "shutdown";

/** A claim this process holds. */
export interface HeldClaimEntry {
  readonly job: ClaimedJob;
  /** Set while a stage runs; called with the cause when it should stop. */
  onAbort: ((cause: AbortCause) => void) | undefined;
  /** Raised by the stage, written with the next heartbeat. */
  progress: number | null;
  /** A settlement is under way or has ended the claim: not coming back from a heartbeat means nothing. */
  isSettling: boolean;
  isCancelRequested: boolean;
  /** On `performance.now()`'s clock: before it nobody else can have the job. */
  leasedUntil: number;
}

export interface HeldClaims {
  /** `askedAt`: when the claim was asked for, on `performance.now()`'s clock; the lease began after that. */
  hold(job: ClaimedJob, askedAt: number): HeldClaimEntry;
  release(entry: HeldClaimEntry): void;
  readonly size: number;
  /** One statement for all claims held: extends the leases, learns of lost ones and of cancels. */
  heartbeat(): Promise<void>;
  abortAll(cause: AbortCause): void;
  /** Resolves when nothing is held. */
  whenEmpty(): Promise<void>;
}

/** The claims of one process, kept alive together. */
export function createHeldClaims(needs: { store: JobStore; leaseMs: number; log: Log }): HeldClaims {
  const { store, leaseMs, log } = needs;
  const entries = new Set<HeldClaimEntry>();
  let waiters: (() => void)[] = [];

  const heartbeat = async (): Promise<void> => {
    const asked = [...entries];
    if (asked.length === 0) return;
    const leasedUntil = performance.now() + leaseMs;
    const pairs = asked.map((e) => ({ jobId: e.job.id, fence: e.job.fence, progress: e.progress }));
    const answers = await store.heartbeat(pairs, leaseMs);
    const kept = new Map(answers.map((a) => [`${a.jobId}/${a.fence}`, a]));
    for (const entry of asked) {
      if (!entries.has(entry)) continue;
      const answer = kept.get(`${entry.job.id}/${entry.job.fence}`);
      if (answer === undefined) {
        if (entry.isSettling) continue;
        log.warn({ job_id: entry.job.id, fence: entry.job.fence }, "lease lost; a newer claim owns the job");
        entry.onAbort?.("lease_lost");
        continue;
      }
      entry.leasedUntil = Math.max(entry.leasedUntil, leasedUntil);
      if (answer.isCancelRequested && !entry.isCancelRequested) {
        entry.isCancelRequested = true;
        entry.onAbort?.("cancel");
      }
    }
  };

  return {
    hold(job, askedAt) {
      const entry: HeldClaimEntry = {
        job,
        onAbort: undefined,
        progress: null,
        isSettling: false,
        isCancelRequested: false,
        leasedUntil: askedAt + leaseMs,
      };
      entries.add(entry);
      return entry;
    },
    release(entry) {
      entries.delete(entry);
      if (entries.size > 0) return;
      for (const resolve of waiters) resolve();
      waiters = [];
    },
    get size() {
      return entries.size;
    },
    heartbeat,
    abortAll(cause) {
      for (const entry of entries) entry.onAbort?.(cause);
    },
    whenEmpty: () => (entries.size === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
  };
}
