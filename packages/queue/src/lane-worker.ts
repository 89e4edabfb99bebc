import { type BackendFactory, type RedisQueueBackend, Worker, type WorkerOptions } from "bullmq";
import type { TakeTicket } from "./take-ticket.ts";
import type { TicketBody } from "./ticket-entry.ts";

interface LaneWorkerOptions {
  readonly lane: string;
  readonly take: TakeTicket;
  readonly options: WorkerOptions;
  readonly idleReadMs: number;
  readonly backendFactory?: BackendFactory<RedisQueueBackend>;
}

/** BullMQ's worker, which does not begin by itself, says what its fetch loop gets, and never reads longer than `idleReadMs`. */
export class LaneWorker extends Worker<TicketBody, null, string> {
  constructor({ lane, take, options, idleReadMs, backendFactory }: LaneWorkerOptions) {
    // Without a factory it is Redis', which the declaration cannot say in one call.
    super(lane, take, { ...options, autorun: false }, backendFactory as BackendFactory<RedisQueueBackend>);
    // With a delayed ticket in the lane a read lasts up to ten seconds, on Postgres an hour.
    Object.defineProperty(this.backend, "maximumBlockTimeout", { get: () => idleReadMs / 1_000 });
  }

  /**
   * Tells whenever the queue gave a ticket or said that there is none now. The end of a blocking read proves nothing:
   * BullMQ's own watchdog ends one on a dead connection, too; but a question on the main connection follows, and that counts.
   */
  watchFetches(onFetch: () => void): void {
    const { backend } = this;
    const moveToActive = backend.moveToActive.bind(backend);
    backend.moveToActive = async (...args) => {
      const answer = await moveToActive(...args);
      onFetch();
      return answer;
    };
    // The end of a ticket fetches the next one in the same round trip, if asked to.
    const moveToCompleted = backend.moveToCompleted.bind(backend);
    backend.moveToCompleted = async (...args) => {
      const answer = await moveToCompleted(...args);
      if (args[4]) onFetch();
      return answer;
    };
    // A marker names when the next delayed ticket is due: an answer without a question after it.
    const waitForJob = backend.waitForJob.bind(backend);
    backend.waitForJob = async (...args) => {
      const marker = await waitForJob(...args);
      if (marker) onFetch();
      return marker;
    };
  }

  /** Begins to fetch, or goes on after a pause. */
  goOn(): void {
    if (this.running) this.resume().catch(this.tell);
    else this.begin();
    // The loop may just be ending because of the pause, too late to hear of the resume: nobody else would start it.
    setImmediate(() => {
      if (!this.running && !this.paused) this.begin();
    });
  }

  /** Wakes a loop that waits for tickets in hand to end, so that it fetches again: BullMQ does so on resume. */
  nudge(): void {
    if (!this.running || this.paused) return;
    this.pause(true).catch(this.tell);
    this.resume().catch(this.tell);
  }

  private begin(): void {
    this.paused = false;
    this.run().catch(this.tell);
  }

  private readonly tell = (error: Error): void => {
    this.emit("error", error);
  };

  /** Ends it without asking the queue: connections are cut, locks are not renewed any more. */
  async cut(): Promise<void> {
    await this.lockManager.close();
    await this.backend.close(true);
  }
}
