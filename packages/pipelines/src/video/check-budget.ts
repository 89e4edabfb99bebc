import { MillraceError } from "@millrace/core";
import type { StepWork } from "./step-work.ts";

/** So that a budget that was raised takes hold. */
const LOOK_AGAIN_MS = 3_600_000;

/** A step that costs money does not begin while the channel's week is spent; the job waits and loses no attempt. */
export async function checkBudget({ needs, task, now }: Pick<StepWork, "needs" | "task" | "now">): Promise<void> {
  const { weekUsd, weeklyUsd } = await needs.tasks.budgetOf(task.channel.id);
  if (weeklyUsd === null || weekUsd < weeklyUsd) return;
  throw new MillraceError(
    "BUDGET_EXCEEDED",
    `Channel ${task.channel.channelId} has spent ${weekUsd.toFixed(2)} of ${weeklyUsd.toFixed(2)} USD this week.`,
    { retry: "park", retryAfterMs: Math.min(LOOK_AGAIN_MS, untilMonday(now())), details: { weekUsd, weeklyUsd } },
  );
}

/** Weeks begin on Mondays, UTC. */
function untilMonday(now: Date): number {
  const days = (8 - now.getUTCDay()) % 7 || 7;
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + days) - now.getTime();
}
