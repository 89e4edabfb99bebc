import type { Log } from "@millrace/core";
import type { ConnectedQueue } from "./connect-queue.ts";
import type { ServerCheck } from "./server-check.ts";

/**
 * At the start of a program: logs what is wrong with the queue's server, and throws when it would lose tickets (an old
 * version, an eviction policy). A server that is away is not judged: it may come later, and nothing depends on it now.
 */
export async function refuseUnfitServer(queue: Pick<ConnectedQueue, "checkServer">, log: Log): Promise<void> {
  let check: ServerCheck;
  try {
    check = await queue.checkServer();
  } catch (error) {
    log.warn({ err: error }, "the queue's server does not answer; it could not be checked");
    return;
  }
  const { server, problems } = check;
  for (const { message } of problems.filter(({ severity }) => severity === "warning")) log.warn({ server }, message);
  const fatal = problems.filter(({ severity }) => severity === "fatal").map(({ message }) => message);
  if (fatal.length > 0) throw new Error([`${server} cannot carry the queue:`, ...fatal].join("\n"));
}
