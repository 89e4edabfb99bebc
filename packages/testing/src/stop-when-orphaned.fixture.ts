import { mkdtempSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres, startRedis } from "@millrace/embedded";
import { REDIS_CACHE } from "./own-redis.ts";
import { stopWhenOrphaned } from "./stop-when-orphaned.ts";

// A process that starts both stores under watch and waits to be killed.
const folder = mkdtempSync(join(tmpdir(), "millrace-orphan-"));
await chmod(folder, 0o755);
stopWhenOrphaned(folder);
const postgres = await startPostgres({ dataDir: join(folder, "postgres"), durable: false });
const redis = await startRedis({ dataDir: join(folder, "redis"), cacheDir: REDIS_CACHE, durable: false });
if ("unavailable" in redis) throw new Error(redis.unavailable);
process.send?.({ pids: [postgres.pid, redis.pid], folders: [folder] });
