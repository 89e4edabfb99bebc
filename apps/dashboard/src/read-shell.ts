import type { TicketQueue } from "@millrace/core";
import type { Shell } from "./screens/page.ts";

export type ShellReader = () => Promise<Shell>;

/** How long a screen waits to learn whether the queue is up. */
export const PING_MS = 1_000;

/** What the frame of every screen says: version, which queue, whether it answers. */
export function shellReader(queue: Pick<TicketQueue, "ping"> & Pick<Shell, "backend">, version: string): ShellReader {
  return async () => {
    const isQueueUp = await queue.ping(PING_MS).then(
      () => true,
      () => false,
    );
    return { version, backend: queue.backend, isQueueUp };
  };
}
