import type { TerminalStatus } from "../job.ts";
import type { Json, JsonObject } from "../json.ts";

export const CALLBACK_PAYLOADS = ["summary", "full"] as const;
/** How much of a job's result its callback carries. */
export type CallbackPayload = (typeof CALLBACK_PAYLOADS)[number];

/** What a callback tells of its job. */
export interface CallbackJob {
  readonly id: string;
  readonly contentId: string | null;
  readonly pipeline: string;
  readonly pipelineVersion: string;
  readonly resourceKey: string;
  readonly status: TerminalStatus;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly errorStage: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date;
  /** `{tier, quality_score, tag_count}` of an analysed content; null for every other result. */
  readonly resultSummary: JsonObject | null;
  /** null unless the endpoint asks for the full payload. */
  readonly result: Json;
}

/** A delivery in a pump's hands, until `record`, `giveBack` or the end of its lease. */
export interface TakenDelivery {
  readonly id: string;
  /** Number of this take; every later write names it. */
  readonly fence: number;
  /** 1 for the first. The same number again after an attempt whose pump died before it could record it. */
  readonly attempt: number;
  readonly endpointId: string;
  /** `pipeline_job.completed`, `.failed` or `.cancelled`. */
  readonly event: string;
  readonly url: string;
  /** Newest first; two while a secret is being rotated. */
  readonly secrets: readonly string[];
  readonly payload: CallbackPayload;
  readonly job: CallbackJob;
}

export interface TakeRequest {
  /** Deliveries at most. */
  readonly limit: number;
  /** Under way to one endpoint at most, those in `underWay` included. */
  readonly perEndpoint: number;
  /** What this pump has in hand already. */
  readonly underWay: ReadonlyMap<string, number>;
  /** After this long without a record the delivery is anybody's again. */
  readonly leaseMs: number;
}

/** How an attempt went. */
export interface AttemptRecord {
  readonly id: string;
  readonly fence: number;
  /** `gone`: the receiver says (410) that nobody is there any more. */
  readonly outcome: "delivered" | "failed" | "gone";
  /** null: no answer. */
  readonly statusCode: number | null;
  /** What went wrong; null when delivered. */
  readonly error: string | null;
  readonly latencyMs: number;
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** The start of the answer, as text. */
  readonly responseBody: string | null;
  /** Wait before the next attempt, should there be one. */
  readonly retryInMs: number;
}

export interface DeliveryLimits {
  /** Attempts that count, in all. */
  readonly maxAttempts: number;
  /** An endpoint whose last so many attempts failed, over at least this long, is disabled. */
  readonly disableAfter: { readonly failures: number; readonly spanMs: number };
}

export interface RecordAnswer {
  /** null: the delivery was taken anew since, or is over; only the attempt's own line was written. */
  readonly status: "pending" | "delivered" | "exhausted" | null;
  readonly isEndpointDisabled: boolean;
}

/**
 * The record of deliveries. Taking counts the attempt and writes its line; the same attempt is taken again, uncounted,
 * when a lease ends without a record. All of them can reject with STORE_UNAVAILABLE and are safe to repeat.
 */
export interface DeliveryStore {
  take(request: TakeRequest): Promise<TakenDelivery[]>;
  record(record: AttemptRecord, limits: DeliveryLimits): Promise<RecordAnswer>;
  /** An attempt that was broken off: anybody may repeat it at once. */
  giveBack(taken: readonly Pick<TakenDelivery, "id" | "fence">[]): Promise<void>;
}
