import type { Lane, ListedTicket } from "@millrace/core";
import type { Redis } from "ioredis";
import { readStoredBody } from "./ticket-entry.ts";

const PAGE = 500;
/** Taking an entry out of a list walks it: more at once would hold up everybody else. */
const DISCARDED_AT_ONCE = 100;

/**
 * A page of a list, after the last entry of the page before. Entries come in at the head and may be taken out anywhere, so
 * a position is good for nothing: the page begins behind whichever of a few earlier entries is still there, at worst
 * where the page before began, when that one has gone as a whole.
 */
const PAGE_SCRIPT = `
local from = tonumber(ARGV[1])
for i = 3, #ARGV do
  local position = redis.call("LPOS", KEYS[1], ARGV[i])
  if position then
    from = position + 1
    break
  end
end
return {from, redis.call("LRANGE", KEYS[1], from, from + ARGV[2] - 1)}`;

/** Hashes are looked at before they are deleted: an entry that somebody named \`meta\` must not take the lane's settings along. */
const DISCARD_SCRIPT = `
local discarded = 0
for _, id in ipairs(ARGV) do
  local found = redis.call("LREM", KEYS[1], 0, id) + redis.call("LREM", KEYS[2], 0, id)
  for k = 3, 5 do found = found + redis.call("ZREM", KEYS[k], id) end
  if found > 0 then
    discarded = discarded + 1
    local key = KEYS[6] .. id
    if redis.call("TYPE", key).ok == "hash" and redis.call("HEXISTS", key, "timestamp") == 1 then
      redis.call("DEL", key, key .. ":logs")
    end
  end
end
return discarded`;

/** Everything unfinished in the lane whose keys begin with `keyPrefix`: what waits first, then what workers hold. */
export async function* redisTicketList(client: Redis, keyPrefix: string, lane: Lane): AsyncGenerator<ListedTicket> {
  const withBodies = async (ids: readonly string[], state: ListedTicket["state"]): Promise<ListedTicket[]> => {
    const bodies = await bodiesOf(client, keyPrefix, ids);
    return ids.map((id, i) => ({ id, lane, state, body: readStoredBody(bodies[i]) }));
  };
  for (const name of ["wait", "paused"]) {
    for await (const ids of pagesOfList(client, keyPrefix + name)) yield* await withBodies(ids, "waiting");
  }
  for (const name of ["delayed", "prioritized", "waiting-children"]) {
    for await (const ids of pagesOfSortedSet(client, keyPrefix + name)) yield* await withBodies(ids, "waiting");
  }
  for await (const ids of pagesOfList(client, `${keyPrefix}active`)) yield* await withBodies(ids, "held");
}

/** Takes out those of `ids` that wait. Resolves with how many did. */
export async function discardRedisTickets(client: Redis, keyPrefix: string, ids: readonly string[]): Promise<number> {
  const keys = ["wait", "paused", "delayed", "prioritized", "waiting-children", ""].map((name) => keyPrefix + name);
  let discarded = 0;
  for (let from = 0; from < ids.length; from += DISCARDED_AT_ONCE) {
    const some = ids.slice(from, from + DISCARDED_AT_ONCE);
    discarded += (await client.eval(DISCARD_SCRIPT, keys.length, ...keys, ...some)) as number;
  }
  return discarded;
}

async function* pagesOfList(client: Redis, key: string): AsyncGenerator<readonly string[]> {
  let from = 0;
  let anchors: readonly string[] = [];
  for (;;) {
    const [began, ids] = (await client.eval(PAGE_SCRIPT, 1, key, from, PAGE, ...anchors)) as [number, string[]];
    if (ids.length === 0) return;
    yield ids;
    from = began;
    anchors = [...new Set([1, 0.75, 0.5, 0.25, 0].map((share) => ids[Math.round((ids.length - 1) * share)]!))];
  }
}

/** A scan returns whatever is in the set all the while, whatever comes and goes meanwhile. */
async function* pagesOfSortedSet(client: Redis, key: string): AsyncGenerator<readonly string[]> {
  let cursor = "0";
  do {
    const [next, membersAndScores] = await client.zscan(key, cursor, "COUNT", PAGE);
    const ids = membersAndScores.filter((_, i) => i % 2 === 0);
    if (ids.length > 0) yield ids;
    cursor = next;
  } while (cursor !== "0");
}

/** Null where the entry's hash is gone or is none. */
async function bodiesOf(client: Redis, keyPrefix: string, ids: readonly string[]): Promise<(string | null)[]> {
  const answers = await client.pipeline(ids.map((id) => ["hget", keyPrefix + id, "data"])).exec();
  return ids.map((_, i) => {
    const [error, body] = answers?.[i] ?? [null, null];
    if (error && !error.message.startsWith("WRONGTYPE")) throw error;
    return typeof body === "string" ? body : null;
  });
}
