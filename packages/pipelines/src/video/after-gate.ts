import { done, type Outcome, waitForReview } from "@millrace/core";
import type { ChannelGate } from "@millrace/providers";
import type { StepWork } from "./step-work.ts";

/** People decide, unless the channel goes on by itself or they approved exactly this before. */
export function afterGate<T extends { readonly output_hash: string }>(
  { channel, task, step }: Pick<StepWork, "channel" | "task" | "step">,
  gate: ChannelGate,
  output: T,
): Outcome<T> {
  const rules = channel.gates[gate];
  const before = task.steps[step];
  const isApproved = before?.approved === true && before.output_hash === output.output_hash;
  return rules === null || isApproved ? done(output) : waitForReview(rules, output);
}
