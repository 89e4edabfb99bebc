import { createHash } from "node:crypto";
import { type Clock, systemClock } from "@millrace/core";
import { z } from "zod";
import { jsonOf, type MediaDoor } from "./media-door.ts";

export interface GoogleTokensOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokenUrl: string;
  readonly timeoutMs: number;
  readonly clock?: Clock;
}

/** Access tokens by refresh token, kept in memory until shortly before their end. */
export interface GoogleTokens {
  /** `door` must black out the refresh token. Revoked credentials are MEDIA_REFUSED. */
  accessToken(door: MediaDoor, refreshToken: string, signal: AbortSignal): Promise<string>;
  /** After Google refused the access token. */
  forget(refreshToken: string): void;
}

const SAFETY_MS = 60_000;
const MAX_ANSWER_BYTES = 100_000;

const granted = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const problem = z.object({ error: z.string(), error_description: z.string().optional() });

export function createGoogleTokens(options: GoogleTokensOptions): GoogleTokens {
  const { clientId, clientSecret, tokenUrl, timeoutMs, clock = systemClock } = options;
  const known = new Map<string, { readonly token: string; readonly endsAt: number }>();
  return {
    forget: (refreshToken) => void known.delete(keyOf(refreshToken)),

    async accessToken(door, refreshToken, signal) {
      const earlier = known.get(keyOf(refreshToken));
      if (earlier !== undefined && earlier.endsAt > clock.now().getTime()) return earlier.token;
      const body = new URLSearchParams({
        grant_type: "refresh_token",
        refresh_token: refreshToken,
        client_id: clientId,
        client_secret: clientSecret,
      }).toString();
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const request = { method: "POST", headers, body, signal, timeoutMs, maxBytes: MAX_ANSWER_BYTES } as const;
      const response = await door.send(tokenUrl, request);
      const answer = jsonOf(response);
      if (response.status !== 200) {
        const { error = "", error_description: words = "" } = problem.safeParse(answer).data ?? {};
        if (error === "invalid_grant") {
          throw door.refused(`credentials revoked: the channel must be connected again (${words || error})`, {
            problem: error,
          });
        }
        throw door.errorOf(response, [error, words].filter((part) => part !== "").join(": "));
      }
      const read = granted.safeParse(answer);
      if (!read.success) throw door.invalid("granted no access token");
      const { access_token: token, expires_in: seconds } = read.data;
      known.set(keyOf(refreshToken), { token, endsAt: clock.now().getTime() + seconds * 1_000 - SAFETY_MS });
      return token;
    },
  };
}

function keyOf(refreshToken: string): string {
  return createHash("sha256").update(refreshToken).digest("hex");
}
