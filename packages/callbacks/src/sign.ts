import { createHmac, randomBytes } from "node:crypto";

const PREFIX = "whsec_";
/** Standard Webhooks asks for 24 to 64. */
const SECRET_BYTES = 32;

export function newSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString("base64");
}

export interface Message {
  readonly id: string;
  readonly sentAt: Date;
  readonly body: string;
  /** Newest first. */
  readonly secrets: readonly string[];
}

/**
 * The headers of Standard Webhooks 1.0, with a signature for each secret, and `X-Signature-256` for receivers that
 * compare one plain HMAC: of the raw body, keyed with the newest secret as it is written.
 */
export function signedHeaders({ id, sentAt, body, secrets }: Message): Record<string, string> {
  const timestamp = String(Math.floor(sentAt.getTime() / 1000));
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map((secret) => `v1,${hmac(keyOf(secret), signed).toString("base64")}`);
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
    "x-signature-256": `sha256=${hmac(secrets[0] ?? "", body).toString("hex")}`,
  };
}

/** A secret without the prefix was not made here; its text is the key. */
function keyOf(secret: string): Buffer {
  return secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), "base64") : Buffer.from(secret);
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
