import { type Log, silentLog, type Ticket } from "@millrace/core";
import { connectQueue } from "@millrace/queue";
import { Redis } from "ioredis";

/** What one waiting ticket costs Redis: the growth of its used memory over `count` tickets. */
export async function bytesPerTicket(redisUrl: string, count: number): Promise<number> {
  const redis = new Redis(redisUrl);
  const log: Log = silentLog;
  const queue = await connectQueue({ redisUrl }, { prefix: "{bytes}", role: "producer", log });
  const used = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
  const before = await used();
  for (let from = 0; from < count; from += 500) {
    const tickets = Array.from({ length: 500 }, (_, i): Ticket => {
      const seq = from + i + 1;
      const jobId = `019a0000-0000-7000-8000-${String(seq).padStart(12, "0")}`;
      return { jobId, resourceKey: "url:AbCdEfGhIjKlMnOp", seq, stage: "resolve", dispatchNo: 1, lane: "io" };
    });
    await queue.add(tickets);
  }
  const after = await used();
  await queue.close();
  redis.disconnect();
  return Math.round((after - before) / count);
}
