import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";
import { CredentialError } from "./credential-error.ts";
import { type CredentialKey, checkIds, KEY_BYTES, KEY_ID } from "./parse-credential-keys.ts";

/** Of the sealed text; another form gets another one. */
const VERSION = "mc1";
const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAX_CREDENTIAL_BYTES = 16 * 1024;
const SEALED = /^mc1\.(?<keyId>[A-Za-z0-9_-]{1,32})\.(?<body>[A-Za-z0-9_-]+)$/;

/** What a credential is for. It is bound to both: sealed for one place, it does not open at another. */
export interface CredentialPlace {
  readonly channelId: string;
  /** Such as `youtube_refresh_token`. */
  readonly name: string;
}

/** Seals and opens with AES-256-GCM. All three throw `CredentialError`, which never shows what was given. */
export interface CredentialBox {
  /** `mc1.<key id>.<base64url of nonce, ciphertext and tag>`; another one each time. */
  seal(place: CredentialPlace, credential: string): string;
  open(place: CredentialPlace, sealed: string): string;
  /** Sealed with the first key: the same text if it is so already. What does not open is not sealed anew. */
  reseal(place: CredentialPlace, sealed: string): string;
}

export interface CredentialBoxOptions {
  /** The first one seals, all of them open. */
  readonly keys: readonly CredentialKey[];
}

export function createCredentialBox({ keys }: CredentialBoxOptions): CredentialBox {
  const [first] = keys;
  if (first === undefined) throw new CredentialError("key_invalid", "there is no key to seal credentials with");
  for (const { id, key } of keys) {
    if (!KEY_ID.test(id) || key.type !== "secret" || key.symmetricKeySize !== KEY_BYTES)
      throw new CredentialError("key_invalid", `a key needs an id and ${KEY_BYTES} bytes`);
  }
  checkIds(keys.map(({ id }) => id));
  const byId = new Map(keys.map(({ id, key }) => [id, key]));

  const seal: CredentialBox["seal"] = (place, credential) => {
    checkPlace(place);
    return encrypt(first, place, bytesOf(credential));
  };
  const open: CredentialBox["open"] = (place, sealed) => {
    const { keyId, bytes } = readSealed(sealed);
    const key = byId.get(keyId);
    if (key === undefined)
      throw new CredentialError("key_unknown", `${nameOf(place)} is sealed with the key ${keyId}, which is not here`);
    return decrypt({ id: keyId, key }, place, bytes);
  };
  return {
    seal,
    open,
    reseal: (place, sealed) => {
      const credential = open(place, sealed);
      return readSealed(sealed).keyId === first.id ? sealed : seal(place, credential);
    },
  };
}

function encrypt({ id, key }: CredentialKey, place: CredentialPlace, credential: Buffer): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(id, place));
  const body = Buffer.concat([nonce, cipher.update(credential), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${id}.${body.toString("base64url")}`;
}

function decrypt(
  { id, key }: { readonly id: string; readonly key: KeyObject },
  place: CredentialPlace,
  bytes: Buffer,
): string {
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(id, place));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const ciphertext = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString("utf8");
  } catch {
    throw new CredentialError(
      "not_authentic",
      `${nameOf(place)} does not open: changed, sealed with another key ${id}, or for another channel or name`,
    );
  }
}

function readSealed(sealed: string): { readonly keyId: string; readonly bytes: Buffer } {
  const { keyId = "", body = "" } = SEALED.exec(sealed)?.groups ?? {};
  const bytes = Buffer.from(body, "base64url");
  // the last character has bits to spare, so without the comparison several texts would be one credential
  if (bytes.length <= NONCE_BYTES + TAG_BYTES || bytes.toString("base64url") !== body)
    throw new CredentialError("not_sealed", "this is no sealed credential of a known version");
  return { keyId, bytes };
}

/** JSON, as its quotes keep channel "a", name "b" apart from any other pair. */
const boundTo = (keyId: string, { channelId, name }: CredentialPlace): Buffer =>
  Buffer.from(JSON.stringify([VERSION, keyId, channelId, name]));

const nameOf = ({ channelId, name }: CredentialPlace): string =>
  `the credential ${JSON.stringify(name)} of channel ${JSON.stringify(channelId)}`;

function checkPlace({ channelId, name }: CredentialPlace): void {
  if (channelId === "" || name === "")
    throw new CredentialError("not_sealable", "a credential needs a channel and a name");
}

function bytesOf(credential: string): Buffer {
  const bytes = Buffer.from(credential, "utf8");
  if (bytes.length === 0 || bytes.length > MAX_CREDENTIAL_BYTES)
    throw new CredentialError("not_sealable", `a credential has 1 to ${MAX_CREDENTIAL_BYTES} bytes`);
  // half a surrogate pair would come back as another character
  if (bytes.toString("utf8") !== credential)
    throw new CredentialError("not_sealable", "a credential must be well-formed text");
  return bytes;
}
