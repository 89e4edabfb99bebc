import { type Log, MillraceError, type Outcome } from "@millrace/core";
import { type FromSeat, packError, type ToSeat, unpackError, unpackOutcome } from "./stage-protocol.ts";
import type { StageCall, StageCallOptions, StageRunner } from "./stage-runner.ts";

/** A thread or process that runs one stage at a time, as its seat talks to it. */
export interface Channel {
  post(message: ToSeat): void;
  /** Ends it, whatever it is doing. */
  end(): Promise<unknown>;
}

export interface ChannelEvents {
  message(message: FromSeat): void;
  /** It is gone; `error` is what its stage, if it ran one, has failed with. */
  ended(error: (stage: string) => MillraceError): void;
}

export interface StageSeatsOptions {
  readonly open: (events: ChannelEvents) => Channel;
  readonly seats: number;
  /** Opens the first seat now: the first stage does not wait for it. */
  readonly isWarm?: boolean;
  /** How long an aborted stage may take to notice before its seat is ended. */
  readonly abortGraceMs: number;
  readonly log: Log;
}

export interface StageSeats extends StageRunner {
  close(): Promise<void>;
}

interface Run {
  readonly id: number;
  readonly call: StageCall;
  readonly options: StageCallOptions;
  readonly resolve: (outcome: Outcome<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

interface Seat {
  readonly channel: Channel;
  run: Run | undefined;
}

/** Gives each stage a seat of its own, as many at a time as there are; one that is lost is replaced. */
export function stageSeats(options: StageSeatsOptions): StageSeats {
  const seats = new Set<Seat>();
  const queue: Run[] = [];
  let nextId = 1;
  let isClosed = false;

  const open = (): Seat => {
    const channel = options.open({
      message: (message) => receive(seat, message),
      ended: (error) => {
        seats.delete(seat);
        seat.run?.reject(error(seat.run.call.stage));
        seat.run = undefined;
        if (!isClosed) fill();
      },
    });
    const seat: Seat = { channel, run: undefined };
    seats.add(seat);
    return seat;
  };

  const receive = (seat: Seat, message: FromSeat): void => {
    const { run } = seat;
    if (message.kind === "leaving") {
      // takes nothing more; its end is on its way
      seats.delete(seat);
      return;
    }
    if (message.kind === "ready" || run === undefined || message.id !== run.id) return;
    switch (message.kind) {
      case "progress":
        run.options.progress(message.fraction);
        return;
      case "log":
        run.options.log[message.level](message.fields, message.message);
        return;
      case "ended":
        run.resolve(unpackOutcome(message.outcome));
        break;
      case "threw":
        run.reject(unpackError(message.error));
        break;
    }
    seat.run = undefined;
    fill();
  };

  /** Gives waiting runs to free seats, opening new ones up to the limit. */
  const fill = (): void => {
    while (queue.length > 0) {
      let seat = [...seats].find((s) => s.run === undefined);
      if (seat === undefined && seats.size < options.seats) seat = open();
      if (seat === undefined) return;
      const run = queue.shift();
      if (run !== undefined) start(seat, run);
    }
  };

  const start = (seat: Seat, run: Run): void => {
    const { signal } = run.options;
    if (signal.aborted) {
      run.reject(signal.reason);
      return;
    }
    seat.run = run;
    const abort = (): void => {
      if (seat.run !== run) return;
      seat.channel.post({ kind: "abort", id: run.id, reason: packError(signal.reason) });
      setTimeout(() => {
        if (seat.run !== run) return;
        const { job, stage } = run.call;
        options.log.warn({ job_id: job.id, stage }, "stage ignored its abort; ending where it runs");
        void seat.channel.end();
      }, options.abortGraceMs).unref();
    };
    signal.addEventListener("abort", abort, { once: true });
    seat.channel.post({ kind: "run", id: run.id, call: run.call });
  };

  if (options.isWarm) open();

  return {
    run: (_pipeline, call, callOptions) =>
      new Promise((resolve, reject) => {
        if (isClosed)
          return reject(new MillraceError("PIPELINE_EXCEPTION", "the stages' seats are closed", { retry: "backoff" }));
        queue.push({ id: nextId++, call, options: callOptions, resolve, reject });
        fill();
      }),
    async close() {
      isClosed = true;
      await Promise.all([...seats].map(({ channel }) => channel.end()));
    },
  };
}
