import type { Blobs, JobStore, Log } from "@millrace/core";
import { MillraceError } from "@millrace/core";

export interface BlobGuardNeeds {
  readonly blobs: Blobs;
  readonly store: JobStore;
  readonly log: Log;
  /** How long a statement whose reply was lost may still take effect. */
  readonly settleMs: number;
  readonly attempts: number;
}

/** A blob that was written for a request before the request was accepted. */
export interface PendingBlob {
  readonly key: string;
  readonly ownerId: string;
  /** The job the request would make; without it the owner's newest contents are asked for the blob. */
  readonly jobId?: string;
  /** Blobs that share its fate. */
  readonly others?: readonly string[];
}

/** Keeps the blob of an accepted request, drops that of a refused one. */
export interface BlobGuard {
  /** Runs `accept`; unless it says that the job uses the blob, the blob goes. */
  protect<T>(
    blob: PendingBlob | null,
    accept: () => Promise<{ readonly usesBlob: boolean; readonly answer: T }>,
  ): Promise<T>;
  close(): void;
}

/**
 * When Postgres goes away under `accept`, the job may have been accepted and only the reply been lost. Then the blob stays
 * until Postgres is back and says whether one of the owner's jobs uses it.
 */
export function createBlobGuard({ blobs, store, log, settleMs, attempts }: BlobGuardNeeds): BlobGuard {
  const timers = new Set<NodeJS.Timeout>();

  const drop = async ({ key, others = [] }: PendingBlob): Promise<void> => {
    for (const each of [key, ...others]) {
      await blobs
        .delete(each)
        .catch((err: unknown) => log.warn({ err, blob_key: each }, "blob of a refused request left behind"));
    }
  };

  const decideLater = (blob: PendingBlob, attempt: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      isUsed(store, blob).then(
        (used) => (used ? undefined : drop(blob)),
        () => {
          if (attempt < attempts) decideLater(blob, attempt + 1);
          else log.warn({ blob_key: blob.key }, "could not find out whether a blob is used; it stays");
        },
      );
    }, settleMs);
    timer.unref();
    timers.add(timer);
  };

  return {
    async protect(blob, accept) {
      try {
        const { usesBlob, answer } = await accept();
        if (blob && !usesBlob) await drop(blob);
        return answer;
      } catch (error) {
        if (blob && error instanceof MillraceError && error.code === "STORE_UNAVAILABLE") decideLater(blob, 1);
        else if (blob) await drop(blob);
        throw error;
      }
    },
    close() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

/** A job of unknown id would be the owner's newest or nearly so; its input names the blob. */
async function isUsed(store: JobStore, { key, ownerId, jobId }: PendingBlob): Promise<boolean> {
  if (jobId !== undefined) return (await store.findJob(jobId, ownerId)) !== undefined;
  const jobs = await store.listJobs({ ownerId, pipeline: "content", limit: 100 });
  return jobs.some((job) => JSON.stringify(job.input).includes(JSON.stringify(key)));
}
