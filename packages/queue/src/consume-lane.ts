import type { Lane, LaneConsumer, Log, ReceivedTicket, TicketAnswer } from "@millrace/core";
import { DelayedError, WaitingError } from "bullmq";
import type { LaneWorker, TicketJob, TicketProcessor } from "./queue-backend.ts";
import type { QueueTimings } from "./queue-timings.ts";
import { reportErrors } from "./report-errors.ts";
import { readBody } from "./ticket-entry.ts";
import { settlesWithin } from "./within.ts";

/** How long the tickets a closing worker gives back may take, and after that how long cutting the connection may. */
const GIVE_BACK_MS = 1_000;
const CUT_MS = 500;

interface ConsumeLaneOptions {
  readonly lane: Lane;
  readonly openWorker: (take: TicketProcessor) => LaneWorker;
  readonly work: (ticket: ReceivedTicket) => Promise<TicketAnswer>;
  readonly timings: QueueTimings;
  readonly log: Log;
}

/** Fetches tickets of one lane and does with each what `work` answers. */
export function consumeLane({ lane, openWorker, work, timings, log }: ConsumeLaneOptions): LaneConsumer {
  let isPaused = false;
  let closing: Promise<void> | undefined;
  /** For each ticket in hand: answers in `work`'s place. */
  const inHand = new Set<(answer: TicketAnswer) => void>();

  function ask(ticket: ReceivedTicket, id: string | undefined): Promise<TicketAnswer> {
    return new Promise((resolve) => {
      const answer = (value: TicketAnswer): void => {
        inHand.delete(answer);
        resolve(value);
      };
      inHand.add(answer);
      // An unexpected throw must not cost the ticket. It comes again a little later, so that a defect is not a hot loop.
      Promise.resolve()
        .then(() => work(ticket))
        .then(answer, (error: unknown) => {
          log.error({ err: error, lane, ticket: id }, "A ticket's work threw; the ticket comes again");
          answer({ kind: "later", delayMs: timings.afterThrowMs });
        });
    });
  }

  async function take(job: TicketJob, token: string | undefined, _signal: AbortSignal | undefined): Promise<null> {
    const ticket = readBody(job.data);
    if (!ticket) {
      log.error({ lane, ticket: job.id, data: job.data }, "Dropped an entry of the queue that is no ticket");
      return null;
    }
    // A read that was under way when the worker paused may still bring one ticket.
    const answer: TicketAnswer = isPaused ? { kind: "return" } : await ask(ticket, job.id);
    return settle({ job, token, answer, log });
  }

  const worker = openWorker(take);
  const report = reportErrors(log.child({ lane }), "The lane's connection to the queue failed");
  worker.on("error", (error) => {
    if (closing === undefined) report(error);
  });

  async function closeWithin(timeoutMs: number): Promise<void> {
    isPaused = true;
    // Stops fetching and waits for the tickets in hand; hangs for ever when the queue is away.
    const closed = worker.close();
    if (await settlesWithin(closed, timeoutMs)) return;
    for (const answer of [...inHand]) answer({ kind: "return" });
    if (await settlesWithin(closed, GIVE_BACK_MS)) return;
    // What could not be given back is found by the next worker's check for stalled tickets.
    log.warn({ lane }, "The queue does not answer; closing the lane without it");
    await settlesWithin(worker.getBackend().close(true), CUT_MS);
  }

  return {
    lane,
    async pause() {
      isPaused = true;
      await worker.pause(true);
    },
    resume() {
      if (closing !== undefined) return;
      isPaused = false;
      Promise.resolve(worker.resume()).catch(report);
      // BullMQ's loop may just be ending because of the pause, too late to hear of the resume: nobody else would start it.
      setImmediate(() => {
        if (!isPaused && !worker.isRunning()) worker.run().catch(report);
      });
    },
    close(timeoutMs) {
      closing ??= closeWithin(timeoutMs);
      return closing;
    },
  };
}

interface Settling {
  readonly job: TicketJob;
  readonly token: string | undefined;
  readonly answer: TicketAnswer;
  readonly log: Log;
}

/** Tells BullMQ what becomes of the ticket. Its two errors mean: this has been moved already, leave it alone. */
async function settle({ job, token, answer, log }: Settling): Promise<null> {
  if (answer.kind === "done") return null;
  try {
    // Whole milliseconds: the Postgres backend refuses a fraction.
    if (answer.kind === "later") await job.moveToDelayed(Date.now() + Math.max(0, Math.ceil(answer.delayMs)), token);
    else await job.moveToWait(token);
  } catch (error) {
    // Any other error would finish the ticket as failed. Left as it is, its lock runs out and another worker gets it.
    log.warn(
      { err: error, ticket: job.id },
      "A ticket could not be put back; it comes again when its lock has run out",
    );
  }
  throw answer.kind === "later" ? new DelayedError() : new WaitingError();
}
