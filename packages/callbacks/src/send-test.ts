import { randomUUID } from "node:crypto";
import type { Clock } from "@millrace/core";
import { postMessage, type Sent } from "./attempt.ts";
import { SCHEMA_VERSION, sortedJson } from "./callback-body.ts";
import type { Post } from "./post.ts";
import { DELIVERY_TIMINGS } from "./timings.ts";

const TEST_EVENT = "callback.test";

export type TestSent = Omit<Sent, "answer" | "requestHeaders"> & { readonly webhookId: string };

/** Posts one signed message of its own type now, once, and tells what came back. Nothing is written down. */
export async function sendTest(
  { url, secrets }: { readonly url: string; readonly secrets: readonly string[] },
  { post, clock }: { readonly post: Post; readonly clock: Clock },
): Promise<TestSent> {
  const webhookId = randomUUID();
  const sentAt = clock.now();
  const body = sortedJson({
    schema_version: SCHEMA_VERSION,
    callback_event_id: webhookId,
    type: TEST_EVENT,
    timestamp: sentAt.toISOString(),
  });
  const sent = await postMessage(
    url,
    { id: webhookId, sentAt, body, secrets },
    { post, timeoutMs: DELIVERY_TIMINGS.timeoutMs },
  );
  const { statusCode, error, latencyMs, responseBody } = sent;
  return { webhookId, statusCode, error, latencyMs, responseBody };
}
