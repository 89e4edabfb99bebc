import { type Log, refuseUnfit } from "@millrace/core";
import type { ConnectedQueue } from "./connect-queue.ts";

/**
 * At the start of a program: logs what is wrong with the queue's server, and rejects when it would lose tickets or never
 * run them, unless that is overridden. A server that is away is not judged: it may come later, and nothing depends on it now.
 */
export async function refuseUnfitServer(
  queue: Pick<ConnectedQueue, "checkServer">,
  log: Log,
  isOverridden = false,
): Promise<void> {
  const queueFindings = async () => (await queue.checkServer()).findings;
  await refuseUnfit({ looks: { queue: queueFindings }, findings: [], log, isOverridden });
}
