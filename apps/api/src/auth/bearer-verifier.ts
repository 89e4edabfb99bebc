import { hash } from "node:crypto";
import type { Clock } from "@millrace/core";
import { cachedLookup } from "./cached-lookup.ts";
import type { Principal, Verifier } from "./principal.ts";

/** A revoked key works this much longer at most; in return the usual request asks Postgres nothing. */
const KEY_TTL_MS = 5_000;
const MAX_KEYS = 10_000;
/** Longer than any key ever made: garbage is not worth a question. */
const MAX_KEY_LENGTH = 256;

const BEARER = /^bearer +(\S+) *$/i;

export interface BearerNeeds {
  /** The principal of an API key; null when there is no such key or it was revoked. */
  readonly findPrincipal: (apiKey: string) => Promise<Principal | null>;
  readonly clock: Clock;
}

/** `Authorization: Bearer <api key>`. */
export function bearerVerifier({ findPrincipal, clock }: BearerNeeds): Verifier {
  const find = cachedLookup(findPrincipal, { ttlMs: KEY_TTL_MS, maxEntries: MAX_KEYS, clock });

  return async (request) => {
    const header = request.headers.authorization;
    if (header === undefined) return undefined;
    const apiKey = BEARER.exec(header)?.[1];
    if (apiKey === undefined) return undefined;
    if (apiKey.length > MAX_KEY_LENGTH) return null;
    // by hash: a lookup by the key itself would compare secrets in a time that depends on them
    return find(hash("sha256", apiKey, "base64"), apiKey);
  };
}
