import type { Clock } from "@millrace/core";
import type { ApiKey, KeyStore } from "@millrace/db";
import type { CookieOptions, Request, Response } from "express";
import { cookieOf, cookieOptions } from "../cookies.ts";
import type { Sessions } from "../sessions.ts";

/** On whose behalf somebody at the console decides. */
export interface Actor {
  readonly name: string;
  /** As history names them. */
  readonly by: string;
  /** null: everybody's tasks. */
  readonly ownerId: string | null;
  readonly isAdmin: boolean;
  readonly roles: readonly string[];
  /** Comes back with every form: another site cannot know it. */
  readonly formToken: string;
}

export interface ActorNeeds {
  readonly keys: Pick<KeyStore, "findApiKey" | "listApiKeys">;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

/** The dashboard's password opens the console for looking; deciding takes a key of one's own, so that history has a name. */
export interface Actors {
  /** True: from now on this browser acts with the key. False: the key is unknown, revoked, or may not change jobs. */
  begin(req: Request, res: Response, apiKey: string): Promise<boolean>;
  end(req: Request, res: Response): void;
  find(req: Request): Promise<Actor | null>;
}

export const ACTOR_COOKIE = "millrace_actor";
const SCOPE = "tasks:write";

export function createActors({ keys, sessions, clock }: ActorNeeds): Actors {
  const options = (req: Request): CookieOptions => ({ ...cookieOptions(req), maxAge: sessions.ttlMs });
  return {
    async begin(req, res, apiKey) {
      const key = await keys.findApiKey(apiKey);
      if (key === undefined || !mayDecide(key)) return false;
      const text = `${key.id}.${clock.now().getTime() + sessions.ttlMs}`;
      res.cookie(ACTOR_COOKIE, `${text}.${sessions.sign(`actor ${text}`)}`, options(req));
      return true;
    },
    end(req, res) {
      res.clearCookie(ACTOR_COOKIE, cookieOptions(req));
    },
    async find(req) {
      const token = cookieOf(req, ACTOR_COOKIE);
      const [id, expiresAtMs, signature] = token?.split(".") ?? [];
      if (token === undefined || id === undefined || signature === undefined) return null;
      if (!sessions.isSigned(`actor ${id}.${expiresAtMs}`, signature)) return null;
      if (!(Number(expiresAtMs) > clock.now().getTime())) return null;
      // asked for every time, so that a revoked key ends at once
      const key = (await keys.listApiKeys(null)).find((each) => each.id === id);
      if (key === undefined || key.revokedAt !== null || !mayDecide(key)) return null;
      return {
        name: `${key.name} (${key.prefix}…)`,
        by: `key:${key.id}`,
        ownerId: key.isAdmin ? null : key.ownerId,
        isAdmin: key.isAdmin,
        roles: key.roles,
        formToken: sessions.sign(`form ${token}`),
      };
    },
  };
}

const mayDecide = ({ isAdmin, scopes }: ApiKey): boolean => isAdmin || scopes.length === 0 || scopes.includes(SCOPE);
