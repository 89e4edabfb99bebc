import type { Log } from "@millrace/core";
import type { Chore } from "@millrace/engine";
import { applyChannels, type ChannelRows } from "@millrace/pipelines";
import { type ChannelFiles, type ChannelFilesState, openChannelFiles } from "@millrace/providers";

const FIVE_SECONDS_MS = 5_000;

export interface ChannelFilesNeeds {
  readonly folder: string;
  /** Name of the owner of all channels of the folder. */
  readonly owner: string;
  readonly findOwner: (name: string) => Promise<{ readonly id: string } | undefined>;
  readonly rows: ChannelRows;
  readonly log: Log;
}

/** Keeps the rows of channels what the files of a folder say. What cannot be done is logged once, and tried again. */
export function channelFilesChore({ folder, owner, findOwner, rows, log }: ChannelFilesNeeds): Chore {
  let files: ChannelFiles | undefined;
  let applied: ChannelFilesState | undefined;
  let said = "";
  const complain = (problem: string): void => {
    if (problem !== said) log.error({ folder, owner }, problem);
    said = problem;
  };

  return {
    name: "channel_files",
    everyMs: FIVE_SECONDS_MS,
    async run() {
      try {
        files ??= await openChannelFiles({ folder, log, readEveryMs: null });
      } catch (error) {
        complain(`CHANNEL_CONFIGS_DIR cannot be read: ${error instanceof Error ? error.message : String(error)}`);
        return;
      }
      await files.reload();
      const state = files.current();
      if (state === applied) return;
      const found = await findOwner(owner);
      if (found === undefined) {
        complain("there is no owner of the name in CHANNELS_OWNER: no channel is applied");
        return;
      }
      const { written, retired, taken } = await applyChannels(state, { ownerId: found.id, rows });
      applied = state;
      said = "";
      if (taken.length > 0) log.error({ channels: taken }, "channels of these ids belong to somebody else");
      if (written.length + retired.length > 0) log.info({ written, retired }, "channels applied");
    },
  };
}
