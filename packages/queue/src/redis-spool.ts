import type { JsonObject, Log, Spool, SpooledResult } from "@millrace/core";
import type { Redis } from "ioredis";
import { within } from "./within.ts";

/** Long past the longest outage anybody leaves alone; then the entry is rubbish. */
const KEPT_SECONDS = 7 * 86_400;

interface RedisSpoolNeeds {
  readonly client: Redis;
  readonly prefix: string;
  /** For each call. */
  readonly timeoutMs: number;
  readonly log: Log;
}

/** Finished results in Redis, where any worker finds them. What comes last stays, for a week. */
export function redisSpool({ client, prefix, timeoutMs, log }: RedisSpoolNeeds): Spool {
  const keyOf = (jobId: string, stage: string): string => `${prefix}:spool:${jobId}:${stage}`;
  const bounded = <T>(command: Promise<T>): Promise<T> =>
    within(command, timeoutMs, `The spool in Redis did not answer within ${timeoutMs} ms.`);

  return {
    async put(result) {
      const { jobId, stage, fence, settlement } = result;
      const text = JSON.stringify({ jobId, stage, fence, settlement });
      await bounded(client.set(keyOf(jobId, stage), text, "EX", KEPT_SECONDS));
    },

    async find(jobId, stage) {
      const text = await bounded(getText(client, keyOf(jobId, stage)));
      if (text === null) return undefined;
      const result = read(text);
      if (result?.jobId === jobId && result.stage === stage) return result;
      log.warn({ job_id: jobId, stage }, "the spool's entry cannot be read; the stage runs again");
      return undefined;
    },

    async remove(jobId, stage) {
      await bounded(client.del(keyOf(jobId, stage)));
    },
  };
}

/** A key that holds something else than text reads as unreadable text. */
async function getText(client: Redis, key: string): Promise<string | null> {
  try {
    return await client.get(key);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("WRONGTYPE")) return "";
    throw error;
  }
}

function read(text: string): SpooledResult | undefined {
  try {
    const { jobId, stage, fence, settlement } = JSON.parse(text) as Record<keyof SpooledResult, unknown>;
    if (typeof jobId !== "string" || typeof stage !== "string") return undefined;
    if (!Number.isInteger(fence) || !isObject(settlement)) return undefined;
    return { jobId, stage, fence: fence as number, settlement };
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
