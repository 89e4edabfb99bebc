import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "./random.ts";

/** A 202: from now on the job must exist, whatever happens. */
export interface Accepted {
  readonly jobId: string;
  readonly resourceKey: string;
  readonly idempotencyKey: string;
  readonly deduplicated: boolean;
  readonly pipeline: string;
}

export interface CancelAnswer {
  readonly jobId: string;
  /** `cancelled`: it is over. `requested`: it will be. `terminal`: it was before. */
  readonly outcome: "cancelled" | "requested" | "terminal";
}

export interface ReviewAnswer {
  readonly jobId: string;
  readonly decision: "approved" | "rejected";
  readonly outcome: string;
}

export interface ClientRecord {
  readonly accepted: Accepted[];
  readonly cancels: CancelAnswer[];
  readonly reviews: ReviewAnswer[];
  /** Answers no client should get: what was asked, and what came. */
  readonly unexpected: string[];
  /** Calls that never got an answer although everything was healed. */
  unanswered: number;
  /** Tries without an answer, or with a 5xx. */
  failedTries: number;
}

export interface Client {
  readonly record: ClientRecord;
  submit(pipeline: string, input: { readonly key: string }, idempotencyKey: string): Promise<Accepted | undefined>;
  cancel(jobId: string): Promise<CancelAnswer | undefined>;
  decide(jobId: string, gate: string, decision: "approved" | "rejected"): Promise<ReviewAnswer | undefined>;
  /** Calls without an answer are given up; for the end of a run. */
  giveUp(): void;
}

const ANSWER_MS = 8_000;
const PAUSE_MS = { from: 200, to: 1_000 } as const;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface ClientNeeds {
  /** The APIs that are up, as base URLs. */
  readonly bases: () => readonly string[];
  readonly apiKey: string;
  readonly random: Random;
}

/**
 * A caller as it should be: asks again with the same Idempotency-Key, at another API, until there is an answer, and
 * remembers what it was promised.
 */
export function createClient({ bases, apiKey, random }: ClientNeeds): Client {
  const record: ClientRecord = {
    accepted: [],
    cancels: [],
    reviews: [],
    unexpected: [],
    unanswered: 0,
    failedTries: 0,
  };
  const givenUp = new AbortController();
  // one for each call that waits to ask again
  setMaxListeners(0, givenUp.signal);

  const tryOnce = async (path: string, body: unknown, headers: Record<string, string>): Promise<Answer | undefined> => {
    const up = bases();
    if (up.length === 0) return undefined;
    try {
      const response = await fetch(`${random.pick(up)}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const text = await response.text();
      return { status: response.status, body: JSON.parse(text) as Record<string, unknown> };
    } catch {
      return undefined;
    }
  };

  const ask = async (
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer | undefined> => {
    while (!givenUp.signal.aborted) {
      const answer = await tryOnce(path, body, headers);
      if (answer !== undefined && answer.status < 500 && answer.status !== 429) return answer;
      record.failedTries += 1;
      await pause(random.between(PAUSE_MS.from, PAUSE_MS.to), undefined, { signal: givenUp.signal }).catch(() => {});
    }
    record.unanswered += 1;
    return undefined;
  };

  const wonder = (what: string, answer: Answer): undefined => {
    record.unexpected.push(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
  };

  return {
    record,
    giveUp: () => givenUp.abort(),

    async submit(pipeline, input, idempotencyKey) {
      const answer = await ask("/jobs", { pipeline, input }, { "idempotency-key": idempotencyKey });
      if (answer === undefined) return undefined;
      if (answer.status !== 202) return wonder(`submit ${pipeline} ${input.key}`, answer);
      const accepted = {
        jobId: String(answer.body["job_id"]),
        resourceKey: `${pipeline}:${input.key}`,
        idempotencyKey,
        deduplicated: answer.body["deduplicated"] === true,
        pipeline,
      };
      record.accepted.push(accepted);
      return accepted;
    },

    async cancel(jobId) {
      const answer = await ask(`/jobs/${jobId}/cancel`, { reason: "chaos" });
      if (answer === undefined) return undefined;
      if (answer.status !== 200 && answer.status !== 202) return wonder(`cancel ${jobId}`, answer);
      const outcome =
        answer.status === 202 ? "requested" : answer.body["cancelled"] === true ? "cancelled" : "terminal";
      const cancel = { jobId, outcome } as const;
      record.cancels.push(cancel);
      return cancel;
    },

    async decide(jobId, gate, decision) {
      const answer = await ask(`/jobs/${jobId}/reviews/${gate}`, { decision });
      if (answer === undefined) return undefined;
      if (answer.status !== 200 && answer.status !== 409) return wonder(`review ${jobId}`, answer);
      const outcome = answer.status === 409 ? "conflict" : String(answer.body["outcome"]);
      const review = { jobId, decision, outcome } as const;
      record.reviews.push(review);
      return review;
    },
  };
}
