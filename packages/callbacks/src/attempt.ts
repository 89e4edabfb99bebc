import { type AttemptRecord, type Clock, delayBeforeAttempt, MillraceError, type TakenDelivery } from "@millrace/core";
import { callbackBody } from "./callback-body.ts";
import { callbackEventId } from "./event-id.ts";
import type { Post, PostAnswer } from "./post.ts";
import { retryAfterMs } from "./retry-after.ts";
import { type Message, signedHeaders } from "./sign.ts";
import type { DeliveryTimings } from "./timings.ts";

/** Of the answer, kept in the delivery log. */
const KEPT_BYTES = 1_024;
const MAX_ERROR_LENGTH = 500;

export interface AttemptNeeds {
  readonly post: Post;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timings: DeliveryTimings;
}

/** One POST and what came of it. `undefined`: `signal` broke it off before there was an answer. */
export async function attemptDelivery(
  delivery: TakenDelivery,
  { post, clock, random, timings }: AttemptNeeds,
  signal: AbortSignal,
): Promise<AttemptRecord | undefined> {
  const id = callbackEventId(delivery.job.id, delivery.event);
  const message = { id, sentAt: clock.now(), body: callbackBody(delivery), secrets: delivery.secrets };
  const sent = await postMessage(delivery.url, message, { post, timeoutMs: timings.timeoutMs, signal });
  if (sent.statusCode === null && signal.aborted) return undefined;
  const { answer, ...facts } = sent;
  const backoffMs = delayBeforeAttempt(timings.retry, delivery.attempt + 1, random());
  const askedMs = retryAfterMs(answer?.headers["retry-after"], clock.now(), timings.maxRetryAfterMs);
  return {
    id: delivery.id,
    fence: delivery.fence,
    outcome: facts.error === null ? "delivered" : facts.statusCode === 410 ? "gone" : "failed",
    ...facts,
    retryInMs: Math.max(backoffMs, askedMs),
  };
}

/** What one POST did; `error` is null for a 2xx. */
export interface Sent {
  readonly answer: PostAnswer | undefined;
  readonly statusCode: number | null;
  readonly error: string | null;
  readonly latencyMs: number;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly responseBody: string | null;
}

export async function postMessage(
  url: string,
  message: Message,
  { post, timeoutMs, signal }: { readonly post: Post; readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<Sent> {
  const headers = { "content-type": "application/json", ...signedHeaders(message) };
  const startedAt = performance.now();
  const timed = (rest: Omit<Sent, "latencyMs" | "requestHeaders">): Sent => ({
    ...rest,
    latencyMs: performance.now() - startedAt,
    requestHeaders: headers,
  });
  try {
    const answer = await post(url, {
      headers,
      body: message.body,
      timeoutMs,
      maxBytes: KEPT_BYTES,
      ...(signal && { signal }),
    });
    return timed({
      answer,
      statusCode: answer.status,
      error: errorOfStatus(answer.status),
      responseBody: Buffer.from(answer.body).subarray(0, KEPT_BYTES).toString("utf8"),
    });
  } catch (error) {
    return timed({ answer: undefined, statusCode: null, error: textOf(error), responseBody: null });
  }
}

function errorOfStatus(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return `HTTP ${status}: redirects are not followed`;
  return `HTTP ${status}`;
}

function textOf(error: unknown): string {
  const text = error instanceof MillraceError ? `${error.code}: ${error.message}` : String(error);
  return text.slice(0, MAX_ERROR_LENGTH);
}
