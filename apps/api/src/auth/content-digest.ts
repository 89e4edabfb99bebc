import { createHash, type Hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Readable, Transform } from "node:stream";
import { requestProblem } from "../http/request-problem.ts";
import { parseDictionary } from "./structured-fields.ts";

/** What a Content-Digest header says of the body, by the algorithm's name in node:crypto. */
export type ContentDigest = ReadonlyMap<string, Uint8Array>;

const ALGORITHMS: Readonly<Record<string, string>> = { "sha-256": "sha256", "sha-512": "sha512" };

/** The digests of a Content-Digest header (RFC 9530) that can be checked; undefined when there is none. */
export function parseContentDigest(header: string): ContentDigest | undefined {
  const digests = new Map<string, Uint8Array>();
  for (const [name, member] of parseDictionary(header) ?? []) {
    const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
    if (algorithm === undefined) continue;
    if (!("value" in member) || !(member.value instanceof Uint8Array)) return undefined;
    digests.set(algorithm, member.value);
  }
  return digests.size === 0 ? undefined : digests;
}

const mismatch = () =>
  requestProblem("UNAUTHENTICATED", "content-digest: the body is not the one that was signed.", [
    { field: "content-digest", rule: "mismatch", message: "the body is not the one that was signed" },
  ]);

interface DigestCheck {
  update(bytes: Uint8Array): void;
  /** Throws UNAUTHENTICATED unless every digest is that of the bytes. */
  finish(): void;
}

function startCheck(digests: ContentDigest): DigestCheck {
  const hashes: [Hash, Uint8Array][] = [...digests].map(([algorithm, digest]) => [createHash(algorithm), digest]);
  return {
    update(bytes) {
      for (const [hash] of hashes) hash.update(bytes);
    },
    finish() {
      for (const [hash, digest] of hashes) if (!hash.digest().equals(digest)) throw mismatch();
    },
  };
}

export function checkContent(digests: ContentDigest, body: Uint8Array): void {
  const check = startCheck(digests);
  check.update(body);
  check.finish();
}

/** Signatures are judged before a byte of the body has come; who reads it later finds here what it must be. */
const signedDigests = new WeakMap<IncomingMessage, ContentDigest>();

export function requireDigest(request: IncomingMessage, digests: ContentDigest): void {
  signedDigests.set(request, digests);
}

/** Throws UNAUTHENTICATED when the request was signed for another body. */
export function checkSignedBody(request: IncomingMessage, body: Uint8Array): void {
  const digests = signedDigests.get(request);
  if (digests !== undefined) checkContent(digests, body);
}

/** The request's body as a stream, which ends with an UNAUTHENTICATED error when it is not the signed one. */
export function signedBodyOf(request: IncomingMessage): Readable {
  const digests = signedDigests.get(request);
  if (digests === undefined) return request;
  const check = startCheck(digests);
  const checked = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      check.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      try {
        check.finish();
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  return request.pipe(checked);
}
