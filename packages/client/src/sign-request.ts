import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomUUID, sign } from "node:crypto";

export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
  /** To stand behind the options of a line of AUTHORIZED_KEYS. */
  readonly publicLine: string;
}

export interface RequestToSign {
  readonly method: string;
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

const KEY_TYPE = "ssh-ed25519";
/** Beside who, where and body: headers that change what the API makes of a request. */
const STEERING = ["content-type", "idempotency-key"];

const withLength = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);

/** A private ed25519 key in PEM (PKCS #8), as `openssl genpkey -algorithm ed25519` makes it. */
export function openSigningKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  if (privateKey.asymmetricKeyType !== "ed25519" || x === undefined) throw new TypeError("wants an ed25519 key");
  const blob = Buffer.concat([withLength(Buffer.from(KEY_TYPE)), withLength(Buffer.from(x, "base64url"))]);
  const keyId = createHash("sha256").update(blob).digest("base64").slice(0, 16);
  return { keyId, privateKey, publicLine: `${KEY_TYPE} ${blob.toString("base64")}` };
}

/**
 * The headers that sign a request (RFC 9421, ed25519), to be sent beside its own, which must not change any more. Good for
 * five minutes and for once: sign again before a repetition.
 */
export function signRequest(
  { method, url, headers = {}, body }: RequestToSign,
  { keyId, privateKey }: SigningKey,
  now = new Date(),
): Record<string, string> {
  const { host, pathname, search } = new URL(url);
  const own = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()]));
  const digest = body === undefined ? undefined : createHash("sha256").update(body).digest("base64");
  if (digest !== undefined) own.set("content-digest", `sha-256=:${digest}:`);

  const components: [string, string][] = [
    ["@method", method.toUpperCase()],
    ["@authority", host],
    ["@path", pathname],
    ["@query", search === "" ? "?" : search],
  ];
  for (const name of ["content-digest", ...STEERING]) {
    const value = own.get(name);
    if (value !== undefined) components.push([name, value]);
  }
  const names = components.map(([name]) => `"${name}"`).join(" ");
  const created = Math.floor(now.getTime() / 1_000);
  const input = `(${names});created=${created};keyid="${keyId}";nonce="${randomUUID()}"`;
  const lines = [...components, ["@signature-params", input]].map(([name, value]) => `"${name}": ${value}`);
  const signature = sign(null, Buffer.from(lines.join("\n"), "latin1"), privateKey).toString("base64");
  return {
    ...(digest !== undefined && { "content-digest": `sha-256=:${digest}:` }),
    "signature-input": `sig1=${input}`,
    signature: `sig1=:${signature}:`,
  };
}
