import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";

/**
 * Names Redis' memory and counts how often it was asked. Who has seen a higher count under the same name knows that the
 * memory was rolled back (an old snapshot, a failover that lost writes), and gives it a new name; the comparison happens
 * in Redis, so that of two who notice at the same time one names it and the other learns the name.
 */
const BEAT_SCRIPT = `
local id = redis.call("HGET", KEYS[1], "id")
local beat = 0
if id then beat = redis.call("HINCRBY", KEYS[1], "beat", 1) end
if not id or (id == ARGV[2] and beat <= tonumber(ARGV[3])) then
  id, beat = ARGV[1], 1
  redis.call("HSET", KEYS[1], "id", id, "beat", beat)
end
return {id, beat}`;

/**
 * Tells the name of Redis' memory, which is another one once it was emptied, replaced or rolled back. Writes that were
 * lost after the newest beat go unnoticed: a crash may take the last second's tickets and leave the name.
 */
export function redisIncarnation(client: Redis, key: string): () => Promise<string> {
  let known = { id: "", beat: 0 };
  return async () => {
    const answer = await client.eval(BEAT_SCRIPT, 1, key, randomUUID(), known.id, known.beat);
    const [id, beat] = answer as [string, number];
    if (id !== known.id || beat > known.beat) known = { id, beat };
    return id;
  };
}
