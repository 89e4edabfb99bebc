import { createHmac, timingSafeEqual } from "node:crypto";
import type { CallbackBody, CallbackTestBody } from "@millrace/contracts";

/** What a callback's body says; `type` tells a test from the end of a job. */
export type Callback = CallbackBody | CallbackTestBody;

export type RefusalReason =
  /** `webhook-id`, `webhook-timestamp` or `webhook-signature` is missing or makes no sense. */
  | "headers"
  /** Sent longer ago, or further in the future, than the tolerance allows: perhaps a replay. */
  | "timestamp"
  /** No signature fits the body under any of the secrets. */
  | "signature"
  /** Signed, but not JSON of this schema version. */
  | "body";

/** Not to be believed. Answer 400 or 401, so that a sender with a wrong secret notices. */
export class CallbackRefused extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.name = "CallbackRefused";
    this.reason = reason;
  }
}

/** As node, express and fetch hand them over; names in any case. */
export type CallbackHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifyOptions {
  /** How far its timestamp may be from now; default 300. */
  readonly toleranceSeconds?: number;
  readonly now?: () => Date;
}

const DEFAULT_TOLERANCE_SECONDS = 300;
const PREFIX = "whsec_";

/**
 * The callback, if it is from who holds one of `secrets` (`whsec_…`; both while one is being changed) and was sent within
 * the tolerance; throws CallbackRefused otherwise. `rawBody` is the bytes as they came, before any parsing.
 *
 * The same callback can come more than once: remember `callback_event_id` and treat a second one as done.
 */
export function verifyCallback(
  rawBody: string | Uint8Array,
  headers: CallbackHeaders,
  secrets: string | readonly string[],
  { toleranceSeconds = DEFAULT_TOLERANCE_SECONDS, now = () => new Date() }: VerifyOptions = {},
): Callback {
  const id = header(headers, "webhook-id");
  const timestamp = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature");
  if (!/^\d{1,12}$/.test(timestamp)) throw new CallbackRefused("headers", "webhook-timestamp is no time in seconds");
  const ageSeconds = now().getTime() / 1000 - Number(timestamp);
  if (Math.abs(ageSeconds) > toleranceSeconds) {
    throw new CallbackRefused(
      "timestamp",
      `it was sent ${Math.round(ageSeconds)} s ago; ${toleranceSeconds} s are allowed`,
    );
  }
  const body = typeof rawBody === "string" ? Buffer.from(rawBody) : Buffer.from(rawBody);
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const given = signatures
    .split(" ")
    .filter((part) => part.startsWith("v1,"))
    .map((part) => Buffer.from(part.slice("v1,".length), "base64"));
  const expected = [secrets].flat().map((secret) => createHmac("sha256", keyOf(secret)).update(signed).digest());
  // every pair is compared, so that the time taken tells nothing
  const matches = expected.flatMap((one) =>
    given.map((other) => one.length === other.length && timingSafeEqual(one, other)),
  );
  if (!matches.some(Boolean)) throw new CallbackRefused("signature", "no signature fits this body and these secrets");
  return readBody(body, id);
}

function keyOf(secret: string): Buffer {
  const key = Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret, "base64");
  // an HMAC with an empty key can be made by anybody
  if (key.length === 0) throw new TypeError("a callback secret is whsec_ and base64");
  return key;
}

function header(headers: CallbackHeaders, name: string): string {
  const value =
    headers instanceof Headers
      ? headers.get(name)
      : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  if (typeof value !== "string" || value === "") throw new CallbackRefused("headers", `${name} is missing`);
  return value;
}

function readBody(body: Buffer, id: string): Callback {
  let callback: Partial<Callback> | null;
  try {
    callback = JSON.parse(body.toString("utf8")) as Partial<Callback> | null;
  } catch {
    throw new CallbackRefused("body", "the body is no JSON");
  }
  if (callback?.schema_version !== "1") throw new CallbackRefused("body", "the schema version is not 1");
  if (callback.callback_event_id !== id) throw new CallbackRefused("body", "webhook-id and body name different events");
  return callback as Callback;
}
