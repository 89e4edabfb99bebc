import type { OnProgress } from "./narrate.ts";
import { privateRedisCopy } from "./private-redis-copy.ts";
import { type FoundRedis, usableVersion } from "./redis-version.ts";

export interface FindRedisOptions {
  readonly cacheDir: string;
  /** False ignores a server on PATH, to prove the private copy. */
  readonly useInstalled?: boolean;
  readonly onProgress?: OnProgress;
}

/** The first that works: a server on PATH, a copy made earlier, a copy made now. */
export async function findRedisBinary(options: FindRedisOptions): Promise<FoundRedis> {
  for (const command of options.useInstalled === false ? [] : ["redis-server", "valkey-server"]) {
    const version = await usableVersion(command);
    if (version !== undefined) return { command, how: `${version} found on PATH` };
  }
  return privateRedisCopy(options.cacheDir, options.onProgress);
}
