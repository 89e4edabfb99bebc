import { CALLBACK_PAYLOADS, TERMINAL_STATUSES } from "@millrace/core";
import { z } from "zod";
import { cursor, instant, jsonObject, nullableInstant, pageLimit } from "./parts.ts";

const MAX_URL_LENGTH = 2_048;
const DAY_SECONDS = 86_400;

/** Where callbacks go. Which hosts are accepted the server decides. */
export const callbackUrl = z.string().trim().min(1).max(MAX_URL_LENGTH).meta({
  description: "An http(s) address without user and password. Private networks are refused, redirects not followed.",
});

const secret = z.string().regex(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, "must be whsec_ and 24 to 64 bytes in base64");

const changeable = {
  url: callbackUrl,
  description: z.string().trim().max(500),
  payload: z.enum(CALLBACK_PAYLOADS).meta({ description: "`summary`: tier, score and tag count. `full`: the result." }),
  allows_job_urls: z.boolean().meta({ description: "Jobs may name a `callback_url` that takes this one's place." }),
  is_enabled: z.boolean(),
};

export const newCallbackEndpoint = z
  .strictObject({
    url: changeable.url,
    description: changeable.description.default(""),
    payload: changeable.payload.default("summary"),
    allows_job_urls: changeable.allows_job_urls.default(false),
    is_enabled: changeable.is_enabled.default(true),
    secret: secret.optional().meta({ description: "One of your own; made for you unless given." }),
  })
  .meta({ id: "NewCallbackEndpoint" });

export const callbackEndpointChange = z
  .strictObject(changeable)
  .partial()
  .refine((change) => Object.keys(change).length > 0, "names nothing to change")
  .meta({ id: "CallbackEndpointChange" });

export const callbackEndpoint = z
  .object({
    endpoint_id: z.uuid(),
    url: z.string(),
    description: z.string(),
    payload: z.enum(CALLBACK_PAYLOADS),
    allows_job_urls: z.boolean(),
    is_enabled: z.boolean(),
    disabled_reason: z.enum(["owner", "failing", "gone"]).nullable().meta({
      description: "gone: it answered 410. failing: too many attempts failed; deliveries are still collected.",
    }),
    disabled_at: nullableInstant,
    failures: z.int().meta({ description: "Attempts that failed since the last one that did not." }),
    failing_since: nullableInstant,
    previous_secret_until: nullableInstant.meta({ description: "Until then the secret before signs too." }),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: "CallbackEndpoint" });

export const callbackEndpoints = z.object({ endpoints: z.array(callbackEndpoint) }).meta({ id: "CallbackEndpoints" });

/** The only answers that hold a secret. */
export const callbackEndpointWithSecret = z
  .object({ ...callbackEndpoint.shape, secret: z.string().meta({ description: "Shown this once." }) })
  .meta({ id: "CallbackEndpointWithSecret" });

export const callbackEndpointDeleted = z
  .object({ endpoint_id: z.uuid(), deleted: z.literal(true) })
  .meta({ id: "CallbackEndpointDeleted" });

export const secretRotation = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(7 * DAY_SECONDS)
      .default(DAY_SECONDS)
      .meta({ description: "How long messages are signed with the old secret as well." }),
    secret: secret.optional(),
  })
  .meta({ id: "SecretRotation" });

export const callbackTestAnswer = z
  .object({
    delivered: z.boolean(),
    webhook_id: z.uuid(),
    status_code: z.int().nullable(),
    error: z.string().nullable(),
    latency_ms: z.number(),
    response_body: z.string().nullable().meta({ description: "The first kilobyte of the answer." }),
  })
  .meta({ id: "CallbackTestAnswer" });

const deliveryStatus = z.enum(["pending", "delivered", "exhausted"]);

const delivery = z
  .object({
    delivery_id: z.uuid(),
    job_id: z.uuid(),
    callback_event_id: z.uuid(),
    endpoint_id: z.uuid(),
    url: z.string(),
    event: z.string(),
    status: deliveryStatus,
    attempts: z.int(),
    next_attempt_at: nullableInstant,
    last_status_code: z.int().nullable(),
    last_error: z.string().nullable(),
    created_at: instant,
    delivered_at: nullableInstant,
  })
  .meta({ id: "Delivery" });

const deliveryAttempt = z
  .object({
    attempt: z.int().meta({ description: "The same number twice: the first one was interrupted." }),
    url: z.string(),
    started_at: instant,
    finished_at: nullableInstant,
    status_code: z.int().nullable(),
    latency_ms: z.int().nullable(),
    error: z.string().nullable(),
    request_headers: jsonObject.nullable(),
    response_body: z.string().nullable(),
  })
  .meta({ id: "DeliveryAttempt" });

export const jobDeliveries = z
  .object({ deliveries: z.array(z.object({ ...delivery.shape, log: z.array(deliveryAttempt) })) })
  .meta({ id: "JobDeliveries" });

export const deliveryListQuery = z.strictObject({ status: deliveryStatus.optional(), limit: pageLimit, cursor });

export const deliveryPage = z
  .object({ deliveries: z.array(delivery), next_cursor: z.string().nullable() })
  .meta({ id: "DeliveryPage" });

export const redeliveryAccepted = z
  .object({ delivery_id: z.uuid(), status: z.literal("pending") })
  .meta({ id: "RedeliveryAccepted" });

export const exhaustedRedelivery = z
  .strictObject({ exhausted_since: instant.meta({ description: "Deliveries made since then and exhausted by now." }) })
  .meta({ id: "ExhaustedRedelivery" });

export const exhaustedRedeliveryAccepted = z
  .object({
    redelivered: z.int(),
    has_more: z.boolean().meta({ description: "Ask again: only so many are taken at a time." }),
  })
  .meta({ id: "ExhaustedRedeliveryAccepted" });

/** What a receiver is sent. Fields may be added under the same `schema_version`. */
export const callbackBody = z
  .object({
    schema_version: z.literal("1"),
    callback_event_id: z.uuid().meta({ description: "The same at every attempt and redelivery; also `webhook-id`." }),
    type: z.enum(["pipeline_job.completed", "pipeline_job.failed", "pipeline_job.cancelled"]),
    timestamp: instant.meta({ description: "When the job ended." }),
    job_id: z.uuid(),
    content_id: z.uuid().nullable(),
    pipeline: z.string(),
    pipeline_version: z.string(),
    resource_key: z.string(),
    status: z.enum(TERMINAL_STATUSES),
    error_code: z.string().nullable(),
    error_message: z.string().nullable(),
    error_stage: z.string().nullable(),
    created_at: instant,
    started_at: nullableInstant,
    finished_at: instant,
    result_summary: z
      .object({
        tier: z.string().nullable(),
        quality_score: z.number().nullable(),
        tag_count: z.int(),
      })
      .nullable(),
    result: z.unknown().optional().meta({ description: "Of a completed job, for endpoints with the full payload." }),
    is_result_omitted: z.boolean().optional().meta({ description: "The result is larger than 1 MiB: fetch the job." }),
  })
  .meta({ id: "CallbackBody" });
export type CallbackBody = z.output<typeof callbackBody>;

/** What a test send posts. */
export const callbackTestBody = z
  .object({
    schema_version: z.literal("1"),
    callback_event_id: z.uuid(),
    type: z.literal("callback.test"),
    timestamp: instant,
  })
  .meta({ id: "CallbackTestBody" });
export type CallbackTestBody = z.output<typeof callbackTestBody>;
