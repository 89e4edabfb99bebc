import { userInfo } from "node:os";
import { createKeyStore, createTaskStore, type TaskStore, type VideoChannel } from "@millrace/db";
import { CredentialError } from "@millrace/providers";
import type { CliConfig } from "../config.ts";
import { boxOrThrow, CREDENTIAL_NAMES, credentialBoxOf } from "../credentials/credential-box.ts";
import { whyClosed } from "../credentials/examine-credentials.ts";
import type { Terminal } from "../terminal.ts";
import { connectForCli, withDatabaseUrl } from "../with-database.ts";

interface Doors {
  readonly tasks: TaskStore;
  /** Of who changed what; never the credential. */
  readonly audit: (event: string, details: Readonly<Record<string, string>>) => Promise<void>;
}

function withTasks<T>(config: CliConfig, terminal: Terminal, use: (doors: Doors) => Promise<T>): Promise<T> {
  return withDatabaseUrl(config, terminal, async (url) => {
    const db = connectForCli(url);
    const { recordAudit } = createKeyStore(db);
    const actor = `cli:${userInfo().username}`;
    try {
      return await use({
        tasks: createTaskStore(db),
        audit: (event, details) => recordAudit({ event, actor, details }),
      });
    } finally {
      await db.close();
    }
  });
}

async function channelOf(tasks: TaskStore, id: string): Promise<VideoChannel> {
  const channel = await tasks.findVideoChannel(id, null);
  if (channel === undefined) throw new Error(`There is no channel ${id}.`);
  return channel;
}

export interface CredentialPlaceWanted {
  /** Short id or uuid. */
  readonly channel: string;
  readonly name: string;
}

function checkName(name: string): void {
  if (!(CREDENTIAL_NAMES as readonly string[]).includes(name)) {
    throw new Error(`There is no credential ${JSON.stringify(name)}: it is one of ${CREDENTIAL_NAMES.join(", ")}.`);
  }
}

export function setCredential(
  config: CliConfig,
  terminal: Terminal,
  { channel, name, credential }: CredentialPlaceWanted & { readonly credential: string },
): Promise<void> {
  checkName(name);
  const box = boxOrThrow(config.CREDENTIAL_KEYS);
  return withTasks(config, terminal, async ({ tasks, audit }) => {
    const { id, channelId } = await channelOf(tasks, channel);
    // a file or echo ends with a line break that is no part of it
    await tasks.putCredential(id, name, box.seal({ channelId: id, name }, credential.trim()));
    await audit("audit.credential_change", { channel: channelId, name, change: "set" });
    terminal.say(`${channelId}  ${name}  sealed and kept`);
  });
}

export function removeCredential(
  config: CliConfig,
  terminal: Terminal,
  { channel, name }: CredentialPlaceWanted,
): Promise<void> {
  return withTasks(config, terminal, async ({ tasks, audit }) => {
    const { id, channelId } = await channelOf(tasks, channel);
    if ((await tasks.findCredential(id, name)) === undefined) throw new Error(`${channelId} has no ${name}.`);
    await tasks.putCredential(id, name, null);
    await audit("audit.credential_change", { channel: channelId, name, change: "removed" });
    terminal.say(`${channelId}  ${name}  removed`);
  });
}

/** Resolves with whether all of them open. */
export function listCredentials(config: CliConfig, terminal: Terminal, { json }: { json: boolean }): Promise<boolean> {
  const box = credentialBoxOf(config.CREDENTIAL_KEYS);
  const quiet = json ? { ...terminal, say: terminal.warn } : terminal;
  return withTasks(config, quiet, async ({ tasks }) => {
    const names = new Map((await tasks.listVideoChannels(null)).map(({ id, channelId }) => [id, channelId]));
    const credentials = (await tasks.listCredentials()).map((credential) => ({
      channel_id: names.get(credential.channelId) ?? credential.channelId,
      name: credential.name,
      problem: whyClosed(box, credential),
    }));
    if (json) terminal.say(JSON.stringify({ credentials }, null, 2));
    else {
      for (const { channel_id: channel, name, problem } of credentials)
        terminal.say(`${channel}  ${name}  ${problem === null ? "opens" : `does not open: ${problem}`}`);
      if (credentials.length === 0) terminal.say("No channel has a credential.");
    }
    return credentials.every(({ problem }) => problem === null);
  });
}

/** Resolves with whether everything is sealed with the first key now. */
export function resealCredentials(config: CliConfig, terminal: Terminal): Promise<boolean> {
  const box = boxOrThrow(config.CREDENTIAL_KEYS);
  return withTasks(config, terminal, async ({ tasks, audit }) => {
    let [resealed, closed] = [0, 0];
    for (const { channelId, name, sealed } of await tasks.listCredentials()) {
      try {
        const anew = box.reseal({ channelId, name }, sealed);
        if (anew === sealed) continue;
        await tasks.putCredential(channelId, name, anew);
        await audit("audit.credential_change", { channel: channelId, name, change: "resealed" });
        resealed += 1;
      } catch (error) {
        if (!(error instanceof CredentialError)) throw error;
        closed += 1;
        terminal.warn(error.message);
      }
    }
    terminal.say(`${resealed} sealed anew${closed > 0 ? `, ${closed} do not open and stay as they are` : ""}`);
    return closed === 0;
  });
}
