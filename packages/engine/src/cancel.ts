import type { CancelAnswer, CancelRequest, JobStore, Log, TicketQueue } from "@millrace/core";

export type Cancel = (request: CancelRequest) => Promise<CancelAnswer>;

/**
 * No live lease: cancelled at once. Live lease: the request is stored and the next stage commit honours it. The row
 * decides; taking the ticket out of the queue is housekeeping, a worker that still gets it finds nothing to claim.
 */
export function createCancel({ store, queue, log }: { store: JobStore; queue: TicketQueue; log: Log }): Cancel {
  return async (request) => {
    const answer = await store.cancel(request);
    if (answer.kind === "cancelled") {
      queue
        .remove(answer.ticket)
        .catch((error: unknown) =>
          log.debug({ err: error, job_id: request.jobId }, "ticket of a cancelled job left behind"),
        );
    }
    return answer;
  };
}
