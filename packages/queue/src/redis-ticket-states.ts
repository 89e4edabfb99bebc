import type { TicketState } from "@millrace/core";
import type { Redis } from "ioredis";

const ANSWERS: readonly TicketState[] = ["missing", "waiting", "finished", "held"];

/**
 * One atomic look at many tickets. A ticket's hash alone proves nothing: a finished one is kept for the board, and a hash
 * that no list knows would wait for ever. The lists are read once per call and only if a ticket is in no sorted set,
 * since asking a list for each id would walk it each time.
 */
const STATES_SCRIPT = `
local prefix, listed, answers = ARGV[1], nil, {}
for i = 2, #ARGV do
  local id = ARGV[i]
  local fields = redis.call("HMGET", prefix .. id, "timestamp", "finishedOn")
  if not fields[1] then
    answers[i - 1] = 0
  elseif fields[2] then
    answers[i - 1] = 2
  elseif redis.call("ZSCORE", KEYS[4], id) or redis.call("ZSCORE", KEYS[5], id) or redis.call("ZSCORE", KEYS[6], id) then
    answers[i - 1] = 1
  else
    if not listed then
      listed = {}
      for k = 1, 3 do
        for _, member in ipairs(redis.call("LRANGE", KEYS[k], 0, -1)) do listed[member] = k == 1 and 3 or 1 end
      end
    end
    answers[i - 1] = listed[id] or 0
  end
end
return answers`;

const LISTS = ["active", "wait", "paused"];
const SORTED_SETS = ["delayed", "prioritized", "waiting-children"];

/** States of the tickets `ids` of the queue whose keys begin with `keyPrefix`, in one round trip. */
export async function redisTicketStates(
  client: Redis,
  keyPrefix: string,
  ids: readonly string[],
): Promise<TicketState[]> {
  const keys = [...LISTS, ...SORTED_SETS].map((name) => keyPrefix + name);
  const answers = (await client.eval(STATES_SCRIPT, keys.length, ...keys, keyPrefix, ...ids)) as number[];
  return answers.map((answer) => ANSWERS[answer]!);
}
