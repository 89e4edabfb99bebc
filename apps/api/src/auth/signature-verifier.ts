import { verify } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Clock, MillraceError } from "@millrace/core";
import { hasBody } from "../http/read-body.ts";
import { requestProblem } from "../http/request-problem.ts";
import type { AuthorizedKey } from "./authorized-keys.ts";
import { bytesToSign, type SignableRequest } from "./bytes-to-sign.ts";
import { cachedLookup } from "./cached-lookup.ts";
import { type ContentDigest, checkContent, parseContentDigest, requireDigest } from "./content-digest.ts";
import type { Verifier } from "./principal.ts";
import { createSeenNonces } from "./seen-nonces.ts";
import { type InnerList, parseDictionary } from "./structured-fields.ts";

/** How far a signature's time may be from ours, either way (A2.7). */
const WINDOW_SECONDS = 300;
/** Proxies may add theirs; more than this is somebody making us work. */
const MAX_SIGNATURES = 8;
const MAX_NONCE_LENGTH = 128;
const OWNER_TTL_MS = 5_000;
const MAX_OWNERS = 10_000;

export interface SignatureNeeds {
  readonly findKey: (keyId: string) => AuthorizedKey | undefined;
  readonly findOwner: (name: string) => Promise<{ readonly id: string } | undefined>;
  readonly clock: Clock;
  /** How callers address the API; without it scheme and host are taken from the request itself. */
  readonly publicUrl?: string | undefined;
}

interface Candidate {
  readonly key: AuthorizedKey;
  readonly input: InnerList;
  readonly signature: Uint8Array;
}

function refused(field: string, rule: string, message: string): MillraceError {
  return requestProblem("UNAUTHENTICATED", `${field}: ${message}.`, [{ field, rule, message }]);
}

/** HTTP message signatures (RFC 9421) with ed25519. A refusal names the header and the rule it broke. */
export function signatureVerifier({ findKey, findOwner, clock, publicUrl }: SignatureNeeds): Verifier {
  const ownerOf = cachedLookup(findOwner, { ttlMs: OWNER_TTL_MS, maxEntries: MAX_OWNERS, clock });
  const nonces = createSeenNonces(clock);

  return async (request) => {
    const inputHeader = request.headers["signature-input"];
    if (inputHeader === undefined) return undefined;
    const candidates = candidatesOf(String(inputHeader), String(request.headers["signature"] ?? ""), findKey);
    const signable = signableOf(request, publicUrl);
    const now = clock.now().getTime() / 1_000;
    const judged = candidates.map((candidate) => ({ ...candidate, problem: judge(request, signable, candidate, now) }));
    const good = judged.find(({ problem }) => problem === undefined);
    if (good === undefined) throw judged[0]?.problem ?? refused("signature-input", "required", "holds no signature");

    const { key, input } = good;
    checkBody(request, input);
    const owner = await ownerOf(key.ownerName, key.ownerName);
    if (owner === undefined) throw refused("signature-input", "keyid", "the key's owner does not exist");
    // last: a request that failed for want of Postgres may come again as it is
    const nonce = input.parameters.get("nonce");
    const lastGoodMs = (Number(input.parameters.get("created")) + WINDOW_SECONDS) * 1_000;
    if (nonce !== undefined && !nonces.isFirst(`${key.keyId} ${nonce}`, lastGoodMs)) {
      throw refused("signature-input", "nonce", "the nonce was used before");
    }
    return { keyId: key.keyId, ownerId: owner.id, isAdmin: key.isAdmin, scopes: key.scopes, roles: key.roles };
  };
}

/** The signatures whose keys are known. Others are not ours to judge: a proxy's, say. */
function candidatesOf(input: string, signature: string, findKey: SignatureNeeds["findKey"]): Candidate[] {
  const inputs = parseDictionary(input);
  if (inputs === undefined) throw refused("signature-input", "malformed", "is no dictionary of signatures");
  const signatures = parseDictionary(signature);
  if (signatures === undefined) throw refused("signature", "malformed", "is no dictionary of signatures");
  if (inputs.size > MAX_SIGNATURES) throw refused("signature-input", "max_items", "holds too many signatures");
  const candidates: Candidate[] = [];
  for (const [label, member] of inputs) {
    if (!("items" in member)) throw refused("signature-input", "malformed", `${label} lists no components`);
    const keyId = member.parameters.get("keyid");
    const key = typeof keyId === "string" ? findKey(keyId) : undefined;
    if (key === undefined) continue;
    const bytes = signatures.get(label);
    if (bytes === undefined || !("value" in bytes) || !(bytes.value instanceof Uint8Array)) {
      throw refused("signature", "malformed", `holds no bytes for ${label}`);
    }
    candidates.push({ key, input: member, signature: bytes.value });
  }
  if (candidates.length === 0) throw refused("signature-input", "keyid", "names no key that is known here");
  return candidates;
}

function signableOf(request: IncomingMessage, publicUrl: string | undefined): SignableRequest {
  const target = request.url ?? "";
  if (!target.startsWith("/")) throw refused("signature-input", "target", "wants a path as the request's target");
  const hosts = request.rawHeaders.filter((_, n, all) => n % 2 === 1 && all[n - 1]?.toLowerCase() === "host");
  const addressed = publicUrl === undefined ? undefined : new URL(publicUrl);
  if (addressed === undefined && hosts.length !== 1) throw refused("host", "single", "must stand once");
  return {
    method: request.method ?? "",
    target,
    scheme: addressed?.protocol === "https:" ? "https" : "http",
    host: addressed?.host ?? hosts[0]?.trim() ?? "",
    rawHeaders: request.rawHeaders,
  };
}

/** Why a signature does not count; undefined when it does. */
function judge(
  request: IncomingMessage,
  signable: SignableRequest,
  { key, input, signature }: Candidate,
  now: number,
): MillraceError | undefined {
  const problem = problemOfParameters(input, now) ?? problemOfCover(request, input);
  if (problem !== undefined) return problem;
  const base = bytesToSign(signable, input);
  if ("problem" in base) return refused("signature-input", "components", base.problem);
  const isRight = verify(null, base.bytes, key.publicKey, signature);
  return isRight ? undefined : refused("signature", "mismatch", "is not the key's for this request");
}

function problemOfParameters({ parameters }: InnerList, now: number): MillraceError | undefined {
  const wrong = (rule: string, message: string) => refused("signature-input", rule, message);
  const [created, expires, algorithm, nonce] = ["created", "expires", "alg", "nonce"].map((name) =>
    parameters.get(name),
  );
  if (algorithm !== undefined && algorithm !== "ed25519") return wrong("alg", "only ed25519 is accepted");
  if (typeof created !== "number") return wrong("created", "wants created, in seconds since 1970");
  if (Math.abs(now - created) > WINDOW_SECONDS) return wrong("created", `is more than ${WINDOW_SECONDS} s from now`);
  if (expires !== undefined && typeof expires !== "number") return wrong("expires", "wants seconds since 1970");
  if (expires !== undefined && now > expires) return wrong("expires", "has expired");
  if (nonce !== undefined && (typeof nonce !== "string" || nonce.length > MAX_NONCE_LENGTH)) {
    return wrong("nonce", `wants a string of at most ${MAX_NONCE_LENGTH} characters`);
  }
  return undefined;
}

/** A signature that leaves out who, where or what could be moved to another request. */
function problemOfCover(request: IncomingMessage, { items }: InnerList): MillraceError | undefined {
  const covers = (...names: string[]): boolean => items.some(({ value }) => names.some((name) => name === value));
  const hasQuery = request.url?.includes("?") === true;
  const missing = [
    covers("@method") ? undefined : "@method",
    covers("@authority", "@target-uri") ? undefined : "@authority",
    covers("@path", "@target-uri", "@request-target") ? undefined : "@path",
    !hasQuery || covers("@query", "@target-uri", "@request-target") ? undefined : "@query",
    !hasBody(request) || covers("content-digest") ? undefined : "content-digest",
  ].find((name) => name !== undefined);
  return missing === undefined ? undefined : refused("signature-input", "components", `does not cover ${missing}`);
}

/** The body has not been read yet: whoever reads it compares. One that was taken away is noticed here. */
function checkBody(request: IncomingMessage, { items }: InnerList): void {
  if (!items.some(({ value }) => value === "content-digest")) return;
  const digests: ContentDigest | undefined = parseContentDigest(String(request.headers["content-digest"] ?? ""));
  if (digests === undefined) throw refused("content-digest", "malformed", "wants sha-256 or sha-512");
  if (hasBody(request)) requireDigest(request, digests);
  else checkContent(digests, new Uint8Array());
}
