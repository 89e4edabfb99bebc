import type { Finding } from "./fitness.ts";

/** 12 random letters and digits (71 bits) are beyond guessing over a network; `openssl rand -hex 24` has 48. */
const MIN_LENGTH = 12;

/** Values that stand in examples, defaults and habits: the first ones anybody tries. */
const WELL_KNOWN = new Set(
  `admin changeme change-me default docker dashboard example foobared guest hunter2 letmein millrace mysecret
  pass password passw0rd postgres postgresql qwerty redis root s3cret secret test user`.split(/\s+/),
);

interface SecretOptions {
  /** The setting it is in. */
  readonly name: string;
  readonly isProduction: boolean;
  /** For people; the setting's name unless told. */
  readonly subject?: string;
}

/** Judges a password or key. What is said of it never contains it. */
export function judgeSecret(secret: string, { name, isProduction, subject = name }: SecretOptions): Finding {
  const weakness = weaknessOf(secret);
  const check = `secret_${name.toLowerCase()}`;
  if (weakness === undefined) return { check, severity: "ok", message: `${subject} is of good strength.` };
  return {
    check,
    severity: isProduction ? "fatal" : "warning",
    message: `${subject} ${weakness}.`,
    fix: "Make one with: openssl rand -hex 24",
  };
}

/** The password inside a store's address; one without any is judged where others than this machine can reach it. */
export function judgeUrlSecret(address: string, { name, isProduction }: SecretOptions): Finding {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const password = url === undefined ? "" : decoded(url.password);
  if (password !== "") return judgeSecret(password, { name, isProduction, subject: `The password in ${name}` });
  const check = `secret_${name.toLowerCase()}`;
  if (url === undefined || isLoopback(url.hostname)) {
    return { check, severity: "ok", message: `${name} has no password and stays on this machine.` };
  }
  return {
    check,
    severity: "warning",
    message: `${name} has no password: whoever reaches ${url.host} can read and change everything.`,
    fix: "Give the server a password, unless it knows its clients in another way.",
  };
}

/** The settings that carry secrets in every program; one that is not set is not judged. */
export interface SecretSettings {
  readonly DATABASE_URL?: string | undefined;
  readonly REDIS_URL?: string | undefined;
  readonly DASHBOARD_PASSWORD?: string | undefined;
  readonly NODE_ENV?: string | undefined;
}

/** A finding for each secret that is set; what is a warning elsewhere is fatal with NODE_ENV=production. */
export function judgeSecrets(settings: SecretSettings): Finding[] {
  const isProduction = settings.NODE_ENV === "production";
  const addresses = (["DATABASE_URL", "REDIS_URL"] as const).flatMap((name) => {
    const address = settings[name];
    return address === undefined ? [] : [judgeUrlSecret(address, { name, isProduction })];
  });
  const { DASHBOARD_PASSWORD: password } = settings;
  return password === undefined
    ? addresses
    : [...addresses, judgeSecret(password, { name: "DASHBOARD_PASSWORD", isProduction })];
}

function weaknessOf(secret: string): string | undefined {
  const plain = secret.toLowerCase();
  if (WELL_KNOWN.has(plain) || WELL_KNOWN.has(plain.replace(/[\d!@#$%^&*._-]+$/, ""))) return "is a well-known word";
  if (secret.length < MIN_LENGTH) return `has ${secret.length} characters; ${MIN_LENGTH} or more are needed`;
  const distinct = new Set(secret).size;
  return distinct < 6 ? `repeats ${distinct} characters` : undefined;
}

function isLoopback(host: string): boolean {
  return host === "" || host === "localhost" || host === "[::1]" || /^127\./.test(host);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
