import { createHmac, scryptSync, timingSafeEqual } from "node:crypto";
import type { Clock } from "@millrace/core";

/** Who is signed in, kept by the browser: a token is an expiry and its signature, the dashboard stores nothing. */
export interface Sessions {
  readonly ttlMs: number;
  isPassword(given: string): boolean;
  issue(): string;
  isValid(token: string | undefined): boolean;
  /** Proves that this dashboard wrote a text; base64url. */
  sign(text: string): string;
  isSigned(text: string, signature: string): boolean;
}

const TTL_MS = 12 * 3_600_000;

/** Tokens are signed with a key stretched from the password: a stolen one is slow to guess from, a restart ends none. */
export function createSessions({ password, clock }: { readonly password: string; readonly clock: Clock }): Sessions {
  const key = scryptSync(password, "millrace dashboard session", 32);
  const sign = (text: string): Buffer => createHmac("sha256", key).update(text).digest();
  const expected = sign(password);
  const isSigned = (text: string, signature: string): boolean => {
    const given = Buffer.from(signature, "base64url");
    const right = sign(text);
    return given.length === right.length && timingSafeEqual(given, right);
  };
  return {
    ttlMs: TTL_MS,
    sign: (text) => sign(text).toString("base64url"),
    isSigned,
    isPassword: (given) => timingSafeEqual(sign(given), expected),
    issue() {
      const expiresAtMs = String(clock.now().getTime() + TTL_MS);
      return `${expiresAtMs}.${sign(`session ${expiresAtMs}`).toString("base64url")}`;
    },
    isValid(token) {
      const [expiresAtMs, signature] = token?.split(".") ?? [];
      if (expiresAtMs === undefined || signature === undefined || !/^\d{1,15}$/.test(expiresAtMs)) return false;
      return isSigned(`session ${expiresAtMs}`, signature) && Number(expiresAtMs) > clock.now().getTime();
    },
  };
}
