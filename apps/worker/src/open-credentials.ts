import type { Log } from "@millrace/core";
import { CredentialError, createCredentialBox, parseCredentialKeys } from "@millrace/providers";

/** Reads a channel's sealed credential; null: it has none, or none that opens here. */
export type OpenCredential = (channelId: string, name: string) => Promise<string | null>;

/** What does not open is logged once, never shown. `keys`: the sealing one first, between commas. */
export function openCredentials(
  keys: string | undefined,
  {
    credentials,
    log,
  }: {
    readonly credentials: { findCredential(channelId: string, name: string): Promise<string | undefined> };
    readonly log: Log;
  },
): OpenCredential {
  const [current = "", ...old] = (keys ?? "").split(",");
  const box =
    keys === undefined
      ? undefined
      : createCredentialBox({ keys: parseCredentialKeys({ current, old: old.join(",") }) });
  const said = new Set<string>();
  return async (channelId, name) => {
    const sealed = await credentials.findCredential(channelId, name);
    if (sealed === undefined) return null;
    try {
      if (box === undefined) throw new CredentialError("key_unknown", "CREDENTIAL_KEYS is not set");
      return box.open({ channelId, name }, sealed);
    } catch (error) {
      if (!(error instanceof CredentialError)) throw error;
      const problem = `${channelId} ${name} ${error.problem}`;
      if (!said.has(problem)) log.error({ channel: channelId, name, problem: error.problem }, error.message);
      said.add(problem);
      return null;
    }
  };
}
