import { createPublicKey, hash, type KeyObject } from "node:crypto";
import { SCOPES } from "@millrace/contracts";

export interface AuthorizedKey {
  /** The first 16 characters of the fingerprint that `ssh-keygen -l` shows after `SHA256:`. */
  readonly keyId: string;
  readonly fingerprint: string;
  readonly publicKey: KeyObject;
  readonly ownerName: string;
  readonly isAdmin: boolean;
  /** null: everything with what is its owner's. */
  readonly scopes: ReadonlySet<string> | null;
  /** What its holder is at gates that ask for a role. */
  readonly roles: readonly string[];
}

export interface AuthorizedKeys {
  readonly keys: readonly AuthorizedKey[];
  /** A line each that grants nothing, and why. */
  readonly problems: readonly { readonly line: number; readonly problem: string }[];
}

const KEY_TYPE = "ssh-ed25519";
const KEY_ID_LENGTH = 16;
const PUBLIC_KEY_BYTES = 32;
/** The key's type, length first, and the length of what follows. */
const BLOB_HEAD = Buffer.concat([
  Buffer.from([0, 0, 0, KEY_TYPE.length]),
  Buffer.from(KEY_TYPE),
  Buffer.from([0, 0, 0, PUBLIC_KEY_BYTES]),
]);

const OPTION = /(?<name>[A-Za-z-]+)(?:="(?<value>(?:[^"\\]|\\.)*)")?(?<end>,|[ \t]+)/y;
const KEY = /ssh-ed25519[ \t]+(?<base64>[A-Za-z0-9+/]+={0,2})(?:[ \t].*)?$/y;

class Refused extends Error {}

/**
 * Lines as in OpenSSH's authorized_keys: `owner="acme",scopes="jobs:read jobs:write" ssh-ed25519 AAAA… comment`. A line
 * that is not wholly understood grants nothing.
 */
export function parseAuthorizedKeys(text: string): AuthorizedKeys {
  const keys: AuthorizedKey[] = [];
  const problems: { line: number; problem: string }[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    try {
      keys.push(readLine(line));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problems.push({ line: index + 1, problem: error.message });
    }
  }
  return { keys, problems };
}

function readLine(line: string): AuthorizedKey {
  const { options, rest } = readOptions(line);
  KEY.lastIndex = rest;
  const base64 = KEY.exec(line)?.groups?.["base64"];
  if (base64 === undefined)
    throw new Refused("wants options, then ssh-ed25519 and the key; other kinds are not accepted");
  const ownerName = options.get("owner");
  if (!ownerName) throw new Refused('lacks owner="…"');
  const blob = Buffer.from(base64, "base64");
  const publicKey = publicKeyOf(blob);
  const fingerprint = hash("sha256", blob, "base64").replaceAll("=", "");
  return {
    keyId: fingerprint.slice(0, KEY_ID_LENGTH),
    fingerprint: `SHA256:${fingerprint}`,
    publicKey,
    ownerName,
    isAdmin: options.has("admin"),
    scopes: scopesOf(options.get("scopes")),
    roles: namesOf(options.get("roles") ?? ""),
  };
}

/** The options by name, "" for one without a value, and where the key begins. */
function readOptions(line: string): { readonly options: ReadonlyMap<string, string>; readonly rest: number } {
  const options = new Map<string, string>();
  if (line.startsWith(KEY_TYPE)) return { options, rest: 0 };
  OPTION.lastIndex = 0;
  for (;;) {
    const groups = OPTION.exec(line)?.groups;
    if (groups === undefined) throw new Refused("has options that cannot be read");
    const name = (groups["name"] ?? "").toLowerCase();
    const value = groups["value"]?.replaceAll(/\\(.)/g, "$1");
    if (!["owner", "scopes", "roles", "admin"].includes(name)) throw new Refused(`has the unknown option ${name}`);
    if (options.has(name)) throw new Refused(`has the option ${name} twice`);
    if ((name === "admin") !== (value === undefined)) throw new Refused(`has a wrong option ${name}`);
    options.set(name, value ?? "");
    if (groups["end"] !== ",") return { options, rest: OPTION.lastIndex };
  }
}

const namesOf = (text: string): string[] => text.split(/[ ,]+/).filter((name) => name !== "");

function scopesOf(text: string | undefined): ReadonlySet<string> | null {
  if (text === undefined) return null;
  const names = namesOf(text);
  const unknown = names.find((name) => !(SCOPES as readonly string[]).includes(name));
  if (unknown !== undefined) throw new Refused(`has the unknown scope ${unknown}`);
  if (names.length === 0) throw new Refused("has no scopes in its option scopes; leave it out for all");
  return new Set(names);
}

function publicKeyOf(blob: Buffer): KeyObject {
  const point = blob.subarray(BLOB_HEAD.length);
  if (!blob.subarray(0, BLOB_HEAD.length).equals(BLOB_HEAD) || point.length !== PUBLIC_KEY_BYTES) {
    throw new Refused("has a damaged key");
  }
  const x = point.toString("base64url");
  return createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
}
