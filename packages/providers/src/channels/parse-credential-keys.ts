import { createHash, createSecretKey, type KeyObject } from "node:crypto";
import { CredentialError } from "./credential-error.ts";

export const KEY_BYTES = 32;
export const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;

/** A key that seals credentials. A `KeyObject` shows nothing of itself where it is printed. */
export interface CredentialKey {
  readonly id: string;
  readonly key: KeyObject;
}

export interface CredentialKeySettings {
  /** The key that seals: `<id>:<base64 of 32 bytes>`, or the base64 alone; its id is then derived from it. */
  readonly current: string;
  /** Keys of earlier times, which only open: as many of the same form, between commas. */
  readonly old?: string;
}

/** The keys of the settings, the sealing one first. Throws `CredentialError` without a part of what was given. */
export function parseCredentialKeys({ current, old = "" }: CredentialKeySettings): readonly CredentialKey[] {
  const olds = old.trim() === "" ? [] : old.split(",");
  const keys = [parseKey(current, "the current key"), ...olds.map((text, i) => parseKey(text, `old key ${i + 1}`))];
  checkIds(keys.map(({ id }) => id));
  return keys;
}

/** Throws where two keys have one id: what was sealed could not be told apart. */
export function checkIds(ids: readonly string[]): void {
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new CredentialError("key_invalid", `two keys have the id ${twice}`);
}

function parseKey(text: string, which: string): CredentialKey {
  const parts = text.trim().split(":");
  const encoded = parts.pop() ?? "";
  // strictly, as Buffer reads past whatever it does not know and a misread key would seal what no other process opens
  const bytes = /^[A-Za-z0-9+/]{43}=$/.test(encoded) ? Buffer.from(encoded, "base64") : undefined;
  if (parts.length > 1 || bytes?.length !== KEY_BYTES || bytes.toString("base64") !== encoded)
    throw new CredentialError("key_invalid", `${which} must be base64 of ${KEY_BYTES} bytes, or <id>:<base64>`);
  const [id = derivedId(bytes)] = parts;
  if (!KEY_ID.test(id))
    throw new CredentialError("key_invalid", `the id of ${which} must be 1 to 32 of A-Z, a-z, 0-9, _ and -`);
  return { id, key: createSecretKey(bytes) };
}

/** Tells keys apart and tells nothing of them: eight digits of a hash over 256 random bits. */
const derivedId = (key: Buffer): string =>
  createHash("sha256").update("millrace credential key id\0").update(key).digest("hex").slice(0, 8);
