import { silentLog } from "@millrace/core";
import { createKeyStore, createTaskStore } from "@millrace/db";
import { applyChannels } from "@millrace/pipelines";
import { openChannelFiles } from "@millrace/providers";
import type { CliConfig } from "../config.ts";
import type { Terminal } from "../terminal.ts";
import { connectForCli, withDatabaseUrl } from "../with-database.ts";

/** What a leading worker does with CHANNEL_CONFIGS_DIR, once. Resolves with whether every file was right and applied. */
export async function applyChannelFiles(
  config: CliConfig,
  terminal: Terminal,
  wanted: { readonly folder: string; readonly owner?: string; readonly dryRun: boolean },
): Promise<boolean> {
  const { say, warn } = terminal;
  const files = await openChannelFiles({ folder: wanted.folder, log: silentLog, readEveryMs: null });
  const state = files.current();
  for (const { file, reasons } of state.problems) warn([`${file} is wrong:`, ...reasons].join("\n  "));
  const areRight = state.problems.length === 0;
  if (wanted.dryRun) {
    for (const { channelId, channelName } of state.channels) say(`${channelId}  ${channelName}`);
    return areRight;
  }
  const name = wanted.owner ?? config.CHANNELS_OWNER;
  return withDatabaseUrl(config, terminal, async (url) => {
    const db = connectForCli(url);
    try {
      const owner = await createKeyStore(db).findOwner(name);
      if (owner === undefined) throw new Error(`There is no owner ${name}: make one with its first key, keys create.`);
      const applied = await applyChannels(state, { ownerId: owner.id, rows: createTaskStore(db) });
      for (const channelId of applied.written) say(`${channelId}  applied`);
      for (const channelId of applied.retired) say(`${channelId}  switched off: it has no file`);
      for (const channelId of applied.taken) warn(`${channelId} is somebody else's`);
      if (applied.written.length + applied.retired.length + applied.taken.length === 0) say("Nothing to change.");
      return areRight && applied.taken.length === 0;
    } finally {
      await db.close();
    }
  });
}
