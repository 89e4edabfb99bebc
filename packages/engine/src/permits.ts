import { randomUUID } from "node:crypto";
import {
  MillraceError,
  type PermitAnswer,
  type PermitStore,
  type Permits,
  StoreUnavailableError,
} from "@millrace/core";
import { cappedBackoff, pause } from "./backoff.ts";

/** Longest wait between two looks whether a permit is free. */
const CAP_MS = 1_000;

/** Tries to give one back while Postgres is away; after that it is free with the end of its claim. */
const MOST_TRIES = 120;

export interface PermitsNeeds {
  readonly store: PermitStore;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly wait?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Permits of providers, counted over all workers. Waits while Postgres is away; LEASE_LOST when the claim is. */
export function createPermits({ store, random, wait = pause }: PermitsNeeds): Permits {
  const pauseBefore = (attempt: number, signal?: AbortSignal): Promise<void> =>
    wait(cappedBackoff(attempt, CAP_MS) * (0.5 + random() / 2), signal);

  /** Answered when Postgres is; an answer that got lost may have been that it was taken. */
  const ask = async (request: Parameters<PermitStore["takePermit"]>[0]): Promise<PermitAnswer | undefined> => {
    try {
      return await store.takePermit(request);
    } catch (error) {
      if (error instanceof StoreUnavailableError) return undefined;
      throw error;
    }
  };

  /** Nobody waits for it: the work is done, whatever Postgres does. */
  const giveBack = async (id: string): Promise<void> => {
    for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
      try {
        return await store.givePermitBack(id);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) return;
        await pauseBefore(attempt);
      }
    }
  };

  return {
    async withPermit({ signal, ...claim }, work) {
      const request = { ...claim, id: randomUUID() };
      let mayBeHeld = false;
      try {
        for (let attempt = 0; ; attempt++) {
          signal.throwIfAborted();
          const answer = await ask(request);
          if (answer?.kind === "lost")
            throw new MillraceError("LEASE_LOST", `no permit of ${claim.provider}: the claim is lost`, {
              retry: "stop",
            });
          mayBeHeld ||= answer === undefined || answer.kind === "taken";
          if (answer?.kind === "taken") break;
          await pauseBefore(attempt, signal);
        }
        signal.throwIfAborted();
        return await work();
      } finally {
        if (mayBeHeld) void giveBack(request.id);
      }
    },
  };
}
