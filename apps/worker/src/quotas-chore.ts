import type { Log } from "@millrace/core";
import type { QuotaRecords } from "@millrace/db";
import type { Chore } from "@millrace/engine";

const FIVE_MINUTES_MS = 300_000;

/** Units reserved are counted by triggers; a wrong count would hold jobs back, as would one that was overlooked when units came back. */
export function quotasChore(quotas: Pick<QuotaRecords, "repairQuotas">, log: Log): Chore {
  return {
    name: "quotas",
    everyMs: FIVE_MINUTES_MS,
    async run() {
      const { wrong, freed } = await quotas.repairQuotas();
      if (wrong > 0) log.warn({ counts: wrong }, "counts of reserved units were wrong and are repaired");
      if (freed > 0) log.info({ jobs: freed }, "jobs that waited for a quota with room are let go");
    },
  };
}
