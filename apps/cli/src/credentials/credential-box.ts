import { type CredentialBox, createCredentialBox, parseCredentialKeys } from "@millrace/providers";

/** What stages and boards ask for, by name. */
export const CREDENTIAL_NAMES = [
  "youtube_refresh_token",
  "notion_token",
  "gemini_api_key",
  "elevenlabs_api_key",
  "kie_api_key",
] as const;

/** undefined: there are no keys. `keys`: the sealing one first, between commas. */
export function credentialBoxOf(keys: string | undefined): CredentialBox | undefined {
  if (keys === undefined) return undefined;
  const [current = "", ...old] = keys.split(",");
  return createCredentialBox({ keys: parseCredentialKeys({ current, old: old.join(",") }) });
}

export function boxOrThrow(keys: string | undefined): CredentialBox {
  const box = credentialBoxOf(keys);
  if (box === undefined) {
    throw new Error("CREDENTIAL_KEYS is not set. Make a key with: openssl rand -base64 32");
  }
  return box;
}
