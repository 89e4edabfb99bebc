import { randomBytes } from "node:crypto";
import { askRedis, type RedisReply } from "@millrace/embedded";
import { inject } from "vitest";
import type {} from "./provided.ts";

export interface TestRedis {
  readonly url: string;
  /** Unlike any other call's: `{mt-…}`, a hash tag, so that all keys of a test are in one slot. */
  readonly prefix: string;
  /** Removes this prefix's keys only: the server is shared by the whole run. */
  flush(): Promise<void>;
}

/** Why there is no Redis in this run: for `describe.skipIf(missing("redis", redisProblem()))`. */
export function redisProblem(): string | undefined {
  return inject("millraceRedisProblem");
}

async function removeKeys(url: string, prefix: string): Promise<void> {
  const pattern = `${prefix.replace(/[[\]?*\\]/g, "\\$&")}*`;
  let cursor = "0";
  do {
    const [page] = await askRedis(url, [["SCAN", cursor, "MATCH", pattern, "COUNT", "1000"]]);
    const [next, keys] = page as [string, readonly RedisReply[]];
    if (keys.length > 0) await askRedis(url, [["UNLINK", ...keys.map(String)]]);
    cursor = next;
  } while (cursor !== "0");
}

/** The run's Redis with a key prefix of its own. */
export function testRedis(): TestRedis {
  const url = inject("millraceRedisUrl");
  if (url === undefined) throw new Error(`No Redis for tests: ${redisProblem()}`);
  const prefix = `{mt-${randomBytes(6).toString("hex")}}`;
  return { url, prefix, flush: () => removeKeys(url, prefix) };
}
