import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { CredentialKey } from "@millrace/providers";
import { z } from "zod";

/** What a signed link leads to, and until when. */
const place = z.strictObject({
  task_id: z.uuid(),
  step: z.string(),
  unit: z.string(),
  /** Of its bytes: a link to a unit that was made anew leads nowhere. */
  sha256: z.string(),
  /** Seconds since 1970. */
  expires: z.int(),
});
export type LinkedFile = z.output<typeof place>;

/** Links that show one file to whoever has them, without a key. Nothing is kept: what a link says is signed. */
export interface FileLinks {
  sign(file: LinkedFile): string;
  /** undefined: not signed here, changed, or over. */
  open(token: string, now: Date): LinkedFile | undefined;
}

const TOKEN = /^([A-Za-z0-9_-]{1,2000})\.([A-Za-z0-9_-]{43})$/;

/** The first key signs, all of them open. What they seal credentials with is another key than the one derived here. */
export function createFileLinks(keys: readonly CredentialKey[]): FileLinks {
  const secrets = keys.map(({ key }) => Buffer.from(hkdfSync("sha256", key, "", "millrace file links", 32)));
  const [current] = secrets;
  if (current === undefined) throw new Error("file links: there is no key to sign with");
  const signature = (secret: Buffer, body: string): Buffer => createHmac("sha256", secret).update(body).digest();
  return {
    sign(file) {
      const body = Buffer.from(JSON.stringify(file)).toString("base64url");
      return `${body}.${signature(current, body).toString("base64url")}`;
    },
    open(token, now) {
      const [, body = "", signed = ""] = TOKEN.exec(token) ?? [];
      const given = Buffer.from(signed, "base64url");
      if (given.length !== 32) return undefined;
      if (!secrets.some((secret) => timingSafeEqual(signature(secret, body), given))) return undefined;
      const file = place.parse(JSON.parse(Buffer.from(body, "base64url").toString("utf8")));
      return file.expires * 1_000 > now.getTime() ? file : undefined;
    },
  };
}
