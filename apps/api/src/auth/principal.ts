import type { IncomingMessage } from "node:http";
import type { Scope } from "@millrace/contracts";
import type { KeyStore } from "@millrace/db";

/** On whose behalf a request runs, however it was proved. */
export interface Principal {
  readonly keyId: string;
  readonly ownerId: string;
  /** May act for every owner and needs no scope. */
  readonly isAdmin: boolean;
  /** null: everything with what is its owner's. */
  readonly scopes: ReadonlySet<string> | null;
  /** What its holder is at gates that ask for a role. */
  readonly roles: readonly string[];
}

/**
 * One way to prove who is asking. `undefined`: the request does not use this way, ask the next one. `null`: it does, and
 * the proof is wrong; one that can say what is wrong with it throws UNAUTHENTICATED instead.
 */
export type Verifier = (request: IncomingMessage) => Promise<Principal | null | undefined>;

/** The owner whose rows a principal may see; null is every owner's. */
export const visibleOwner = (principal: Principal): string | null => (principal.isAdmin ? null : principal.ownerId);

/** How history and audit name the principal. */
export const actorOf = (principal: Principal): string => `key:${principal.keyId}`;

export const isAllowed = (principal: Principal, scope: Scope): boolean =>
  principal.isAdmin || principal.scopes === null || principal.scopes.has(scope);

/** API keys as principals. A key that was made without scopes is not limited by them. */
export function findPrincipalIn(keys: Pick<KeyStore, "findApiKey">): (apiKey: string) => Promise<Principal | null> {
  return async (plain) => {
    const found = await keys.findApiKey(plain);
    if (found === undefined) return null;
    const { id, ownerId, isAdmin, scopes, roles } = found;
    return { keyId: id, ownerId, isAdmin, scopes: scopes.length === 0 ? null : new Set(scopes), roles };
  };
}
