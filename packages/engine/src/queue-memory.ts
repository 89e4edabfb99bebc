import type { Log, TicketQueue } from "@millrace/core";

/**
 * `same`: as at the last look. `unsure`: it was away meanwhile, or this is the first look. `new`: emptied, replaced or
 * rolled back. `away`: it does not answer.
 */
export type QueueMemory = "same" | "unsure" | "new" | "away";

/** Tells what became of the queue's memory since the last look. */
export function watchQueueMemory(queue: Pick<TicketQueue, "incarnation">, log: Log): () => Promise<QueueMemory> {
  let known: string | undefined;
  let isSure = false;
  return async () => {
    let name: string;
    try {
      name = await queue.incarnation();
    } catch (error) {
      if (isSure) log.warn({ err: error }, "the queue does not answer");
      isSure = false;
      return "away";
    }
    const memory = known !== undefined && known !== name ? "new" : isSure ? "same" : "unsure";
    if (memory === "new") log.warn({ incarnation: name }, "the queue was emptied, replaced or rolled back");
    known = name;
    isSure = true;
    return memory;
  };
}
