import type { Finding } from "@millrace/core";
import { createTaskStore, type Database } from "@millrace/db";
import { type CredentialBox, CredentialError } from "@millrace/providers";
import { lookWithin } from "../doctor/look-within.ts";
import { credentialBoxOf } from "./credential-box.ts";

const LIMIT_MS = 10_000;

/** Why a credential does not open, without a part of it; null: it opens. */
export function whyClosed(
  box: CredentialBox | undefined,
  { channelId, name, sealed }: { readonly channelId: string; readonly name: string; readonly sealed: string },
): string | null {
  if (box === undefined) return "CREDENTIAL_KEYS is not set";
  try {
    box.open({ channelId, name }, sealed);
    return null;
  } catch (error) {
    if (error instanceof CredentialError) return error.problem;
    throw error;
  }
}

/** Which channels have credentials that do not open. */
export function examineCredentials(db: Database, keys: string | undefined): Promise<readonly Finding[]> {
  const check = "credentials";
  const look = { check, subject: "The credentials of channels", limitMs: LIMIT_MS, fix: "Correct CREDENTIAL_KEYS." };
  return lookWithin({ ...look, severity: "warning" }, async () => {
    const box = credentialBoxOf(keys);
    const tasks = createTaskStore(db);
    const credentials = await tasks.listCredentials();
    if (credentials.length === 0) return [];
    const names = new Map((await tasks.listVideoChannels(null)).map(({ id, channelId }) => [id, channelId]));
    const closed = credentials.flatMap((credential) => {
      const why = whyClosed(box, credential);
      return why === null ? [] : [`${names.get(credential.channelId)} ${credential.name} (${why})`];
    });
    if (closed.length === 0)
      return [{ check, severity: "ok", message: `${credentials.length} credentials of channels open` }];
    return [
      {
        check,
        severity: "warning",
        message: `Credentials of channels do not open: ${closed.join(", ")}`,
        fix: "Add the key they were sealed with to CREDENTIAL_KEYS, or set them again: millrace credentials set",
      },
    ];
  });
}
