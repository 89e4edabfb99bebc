import type { Redis } from "ioredis";
import { isAtLeast, type ServerCheck, type ServerProblem } from "./server-check.ts";

const REQUIRED_VERSION = "6.2";
const ADVISED_VERSION = "7.0";

/** Fields above this many bytes turn a hash into a table: with Redis' default of 64 a long stage name doubles a ticket. */
const ADVISED_LISTPACK_BYTES = 128;

/** Null where the host does not tell. */
interface RedisSettings {
  readonly maxmemoryPolicy: string | null;
  readonly listpackLimit: number | null;
}

/** Reads what the server says of itself and judges it. */
export async function checkRedisServer(client: Redis): Promise<ServerCheck> {
  const info = readInfo(await client.info());
  // Known to every version since 6.2 by this name; newer ones call it hash-max-listpack-value.
  const listpackLimit = await readSetting(client, "hash-max-ziplist-value");
  return judgeRedisServer(info, {
    maxmemoryPolicy: info["maxmemory_policy"] ?? (await readSetting(client, "maxmemory-policy")),
    listpackLimit: listpackLimit === null ? null : Number(listpackLimit),
  });
}

/** The judgement alone, `info` being INFO's fields. */
export function judgeRedisServer(info: Readonly<Record<string, string>>, settings: RedisSettings): ServerCheck {
  const { maxmemoryPolicy, listpackLimit } = settings;
  const isValkey = info["valkey_version"] !== undefined;
  const version = info["valkey_version"] ?? info["redis_version"] ?? "unknown";
  const problems: ServerProblem[] = [];
  const fatal = (message: string): number => problems.push({ severity: "fatal", message });
  const warn = (message: string): number => problems.push({ severity: "warning", message });

  // Valkey forked from Redis 7.2, and says so in redis_version.
  const speaksFor = info["redis_version"] ?? version;
  if (version === "unknown") warn(`The server does not tell its version. ${REQUIRED_VERSION} or newer is required.`);
  else if (!isAtLeast(speaksFor, REQUIRED_VERSION))
    fatal(`Redis ${version} is too old; ${REQUIRED_VERSION} is required.`);
  else if (!isAtLeast(speaksFor, ADVISED_VERSION)) warn(`Redis ${version} works; ${ADVISED_VERSION} is advised.`);

  if (maxmemoryPolicy === null) {
    warn("The host hides maxmemory-policy. It must be noeviction: any other drops tickets when memory is short.");
  } else if (maxmemoryPolicy !== "noeviction") {
    fatal(
      `maxmemory-policy is ${maxmemoryPolicy}: Redis would drop tickets when memory is short. Set it to noeviction.`,
    );
  }
  if (listpackLimit !== null && listpackLimit < ADVISED_LISTPACK_BYTES) {
    warn(`hash-max-listpack-value is ${listpackLimit}: a ticket may take 800 bytes. Set it to 512 to halve that.`);
  }
  return { server: `${isValkey ? "Valkey" : "Redis"} ${version}`, version, maxmemoryPolicy, problems };
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

function readInfo(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) fields[line.slice(0, colon)] = line.slice(colon + 1);
  }
  return fields;
}
