import type { JobStore, Log, Registry, TicketQueue } from "@millrace/core";
import { createKeyStore, createTaskStore, type Database } from "@millrace/db";
import type { Chore } from "@millrace/engine";
import { channelFilesChore } from "./channel-files-chore.ts";
import type { WorkerConfig } from "./config.ts";
import { openCredentials } from "./open-credentials.ts";
import { wireNotion } from "./wire-notion.ts";

/** What the leader takes over from outside: the files of channels, and the boards their videos are planned on. */
export function wireOutside(
  config: WorkerConfig,
  needs: {
    readonly db: Database;
    readonly store: JobStore;
    readonly queue: TicketQueue;
    readonly registry: Registry;
    readonly log: Log;
  },
): Chore[] {
  const { db, log } = needs;
  const tasks = createTaskStore(db);
  const { findOwner } = createKeyStore(db);
  const { CHANNEL_CONFIGS_DIR: folder, CHANNELS_OWNER: owner } = config;
  const credential = openCredentials(config.CREDENTIAL_KEYS, { credentials: tasks, log });
  return [
    ...(folder === undefined ? [] : [channelFilesChore({ folder, owner, findOwner, rows: tasks, log })]),
    wireNotion(config, { ...needs, tasks, credential }),
  ];
}
