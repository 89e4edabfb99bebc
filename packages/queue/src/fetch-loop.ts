import type { Lane, Log, ReceivedTicket, TicketAnswer } from "@millrace/core";
import { DelayedError, WaitingError } from "bullmq";
import type { LaneWorker } from "./lane-worker.ts";
import type { QueueTimings } from "./queue-timings.ts";
import { reportErrors } from "./report-errors.ts";
import type { TakeTicket, TicketJob } from "./take-ticket.ts";
import { readBody } from "./ticket-entry.ts";
import { settlesWithin } from "./within.ts";

/** How long the tickets a closing worker gives back may take, and after that how long cutting the connection may. */
const GIVE_BACK_MS = 1_000;
const CUT_MS = 500;

/** One BullMQ worker and what it has in hand. */
export interface FetchLoop {
  inHand(): number;
  /** Begins to fetch, or goes on after a pause. At most `width` tickets in hand; changing it takes nothing away. */
  run(width: number): void;
  pause(): Promise<void>;
  /**
   * Fetches no more and closes when the last ticket in hand has ended, renewing their locks until then. What has ended
   * while the queue is away is told to it as long as a lock would last.
   */
  retire(): Promise<void>;
  /** Closes; tickets still in hand after `timeoutMs` are given back. */
  close(timeoutMs: number): Promise<void>;
}

export interface FetchLoopOptions {
  readonly lane: Lane;
  readonly openWorker: (take: TakeTicket) => LaneWorker;
  readonly work: (ticket: ReceivedTicket) => Promise<TicketAnswer>;
  readonly timings: QueueTimings;
  readonly log: Log;
  /** The queue gave a ticket or said that there is none. */
  readonly onFetch: () => void;
  /** A ticket is not in hand any more. */
  readonly onEnd: () => void;
}

export function openFetchLoop(options: FetchLoopOptions): FetchLoop {
  const { lane, timings, log, onFetch } = options;
  let isTaking = false;
  let closing: Promise<void> | undefined;
  let whenCut = (): void => {};
  const cutOff = new Promise<void>((resolve) => {
    whenCut = resolve;
  });
  const hand = openHand(options);

  async function take(job: TicketJob, token: string | undefined, _signal: AbortSignal | undefined): Promise<null> {
    const ticket = readBody(job.data);
    if (!ticket) {
      log.error({ lane, ticket: job.id, data: job.data }, "Dropped an entry of the queue that is no ticket");
      return null;
    }
    // A read that was under way when the loop stopped taking may still bring one ticket.
    const answer: TicketAnswer = isTaking ? await hand.ask(ticket, job.id) : { kind: "return" };
    return settle({ job, token, answer, log });
  }

  const worker = options.openWorker(take);
  const report = reportErrors(log.child({ lane }), "The lane's connection to the queue failed");
  worker.on("error", (error) => {
    if (closing === undefined) report(error);
  });

  worker.watchFetches(onFetch);

  function beginToClose(): Promise<void> {
    isTaking = false;
    // Stops fetching and waits for the tickets in hand; hangs for ever when the queue is away.
    closing ??= worker.close();
    return Promise.race([closing, cutOff]);
  }

  async function cut(): Promise<void> {
    await settlesWithin(worker.cut(), CUT_MS);
    whenCut();
  }

  return {
    inHand: hand.size,

    run(width) {
      if (closing !== undefined) return;
      const isWider = width > worker.concurrency;
      worker.concurrency = width;
      if (isTaking && isWider) worker.nudge();
      if (isTaking) return;
      isTaking = true;
      worker.goOn();
    },

    async pause() {
      isTaking = false;
      await worker.pause(true);
    },

    async retire() {
      const closed = beginToClose();
      await Promise.race([hand.whenEmpty(), closed]);
      if (!(await settlesWithin(closed, timings.lockMs))) await cut();
    },

    async close(timeoutMs) {
      const closed = beginToClose();
      if (await settlesWithin(closed, timeoutMs)) return;
      hand.giveBack();
      if (await settlesWithin(closed, GIVE_BACK_MS)) return;
      // What could not be given back is found by the next worker's check for stalled tickets.
      log.warn({ lane }, "The queue does not answer; closing the lane without it");
      await cut();
    },
  };
}

interface Hand {
  size(): number;
  ask(ticket: ReceivedTicket, id: string | undefined): Promise<TicketAnswer>;
  /** Answers for every ticket in hand, in `work`'s place, that any worker may have it. */
  giveBack(): void;
  whenEmpty(): Promise<void>;
}

/** The tickets that `work` was given and has not answered. */
function openHand({ lane, work, timings, log, onEnd }: FetchLoopOptions): Hand {
  const tickets = new Set<(answer: TicketAnswer) => void>();
  const waiting: (() => void)[] = [];

  return {
    size: () => tickets.size,

    ask: (ticket, id) =>
      new Promise((resolve) => {
        const answer = (value: TicketAnswer): void => {
          if (!tickets.delete(answer)) return;
          onEnd();
          if (tickets.size === 0) for (const tell of waiting.splice(0)) tell();
          resolve(value);
        };
        tickets.add(answer);
        // An unexpected throw must not cost the ticket. It comes again a little later, so that a defect is not a hot loop.
        Promise.resolve()
          .then(() => work(ticket))
          .then(answer, (error: unknown) => {
            log.error({ err: error, lane, ticket: id }, "A ticket's work threw; the ticket comes again");
            answer({ kind: "later", delayMs: timings.afterThrowMs });
          });
      }),

    giveBack() {
      for (const answer of [...tickets]) answer({ kind: "return" });
    },

    async whenEmpty() {
      if (tickets.size > 0) await new Promise<void>((resolve) => waiting.push(resolve));
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
