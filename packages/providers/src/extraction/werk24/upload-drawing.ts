import { constants, createCipheriv, publicEncrypt, randomBytes } from "node:crypto";
import { MillraceError } from "@millrace/core";
import type { OutboundFetch } from "../../outbound/outbound-fetch.ts";
import { refused, refusedWith, unavailable } from "./werk24-error.ts";
import type { Initialized } from "./werk24-message.ts";

const MAX_ANSWER = 65_536;

export interface Upload {
  readonly fetch: OutboundFetch;
  readonly place: Initialized;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Puts a drawing where Werk24 said: a form whose last field is the file, for a store that needs the length first. */
export async function uploadDrawing({ fetch, place, bytes, mediaType, timeoutMs, signal }: Upload): Promise<void> {
  const { url, fields } = place.drawing_presigned_post;
  const drawing = place.public_key ? encryptFor(place.public_key, bytes) : bytes;
  const { body, contentType } = formOf(fields, drawing, mediaType);
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": contentType },
    body,
    signal,
    timeoutMs,
    maxBytes: MAX_ANSWER,
    cutsBody: true,
    maxRedirects: 0,
  });
  if (answer.status >= 200 && answer.status < 300) return;
  // The store's words: the permission ran out, which a new session renews.
  if (answer.status === 401 || answer.status === 403)
    throw unavailable(`its store refused the upload (${answer.status})`);
  if (answer.status === 400 || answer.status === 413)
    throw refused("the file is too large, or not taken", { status: answer.status });
  throw refusedWith(answer);
}

function formOf(
  fields: Readonly<Record<string, string>>,
  file: Uint8Array,
  mediaType: string,
): {
  readonly body: Uint8Array;
  readonly contentType: string;
} {
  const boundary = `millrace-${randomBytes(16).toString("hex")}`;
  const quoted = (name: string): string => name.replace(/["\r\n]/g, (sign) => encodeURIComponent(sign));
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`,
  );
  const head = `${parts.join("")}--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="drawing"\r\ncontent-type: ${mediaType}\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { body, contentType: `multipart/form-data; boundary=${boundary}` };
}

/** For accounts that encrypt: the key of an AES-256-GCM by RSA-OAEP (SHA-256), then its nonce, tag and text. */
function encryptFor(publicKey: string, bytes: Uint8Array): Buffer {
  const key = randomBytes(32);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const text = Buffer.concat([cipher.update(bytes), cipher.final()]);
  try {
    const sealed = publicEncrypt(
      { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" },
      key,
    );
    return Buffer.concat([sealed, nonce, cipher.getAuthTag(), text]);
  } catch (cause) {
    throw new MillraceError("WERK24_ANSWER_INVALID", "Werk24 gave a public key that is none.", {
      retry: "backoff",
      cause,
    });
  }
}
