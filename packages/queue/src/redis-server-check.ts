import type { Redis } from "ioredis";
import { judgeRedisServer } from "./judge-redis-server.ts";
import type { ServerCheck } from "./server-check.ts";

interface CheckRedisNeeds {
  readonly client: Redis;
  readonly prefix: string;
  /** This process' clock. */
  readonly now?: () => number;
}

/** Reads what the server says of itself and judges it. */
export async function checkRedisServer({ client, prefix, now = Date.now }: CheckRedisNeeds): Promise<ServerCheck> {
  const clockSkewMs = await readClockSkew(client, now);
  const info = readInfo(await client.info());
  // Known to every version since 6.2 by this name; newer ones call it hash-max-listpack-value.
  const listpackLimit = await readSetting(client, "hash-max-ziplist-value");
  return judgeRedisServer({
    info,
    prefix,
    clockSkewMs,
    maxmemoryPolicy: info["maxmemory_policy"] ?? (await readSetting(client, "maxmemory-policy")),
    listpackLimit: listpackLimit === null ? null : Number(listpackLimit),
    savePoints: await readSetting(client, "save"),
    isSlotElsewhere: await isSlotElsewhere(client, prefix),
  });
}

/** The server's time lies somewhere in the round trip: only what is outside of it is a difference, however long it took. */
async function readClockSkew(client: Redis, now: () => number): Promise<number> {
  const askedAt = now();
  const [seconds, microseconds] = await client.time();
  const answeredAt = now();
  const serverAt = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
  return Math.max(0, askedAt - serverAt, serverAt - answeredAt);
}

async function readSetting(client: Redis, name: string): Promise<string | null> {
  try {
    const answer = await client.config("GET", name);
    return Array.isArray(answer) && typeof answer[1] === "string" ? answer[1] : null;
  } catch {
    // Managed hosts refuse CONFIG; a connection that broke meanwhile shows at the next command.
    return null;
  }
}

async function isSlotElsewhere(client: Redis, prefix: string): Promise<boolean> {
  try {
    await client.exists(`${prefix}:incarnation`);
    return false;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("MOVED")) return true;
    throw error;
  }
}

function readInfo(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) fields[line.slice(0, colon)] = line.slice(colon + 1);
  }
  return fields;
}
