import type { Log } from "@millrace/core";
import type { ChannelStore } from "@millrace/db";
import type { Chore } from "@millrace/engine";

const FIVE_MINUTES_MS = 300_000;

/** The counts of who waits are kept by triggers; should one be wrong all the same, its channel would never get a turn. */
export function turnsChore(channels: Pick<ChannelStore, "repairTurns">, log: Log): Chore {
  return {
    name: "turns",
    everyMs: FIVE_MINUTES_MS,
    async run() {
      const wrong = await channels.repairTurns();
      if (wrong > 0) log.warn({ channels: wrong }, "counts of waiting jobs were wrong and are repaired");
    },
  };
}
