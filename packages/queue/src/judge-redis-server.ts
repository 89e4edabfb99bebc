import type { Finding } from "@millrace/core";
import { isAtLeast, type ServerCheck } from "./server-check.ts";

const REQUIRED_VERSION = "6.2";
const ADVISED_VERSION = "7.0";

/** Fields above this many bytes turn a hash into a table: with Redis' default of 64 a long stage name doubles a ticket. */
const ADVISED_LISTPACK_BYTES = 128;

const FULL = 0.8;
const MAX_CLOCK_SKEW_MS = 5_000;
const BYTES_PER_MB = 1_048_576;

/** What a Redis says of itself. Null where the host does not tell. */
export interface RedisFacts {
  /** INFO's fields. */
  readonly info: Readonly<Record<string, string>>;
  readonly maxmemoryPolicy: string | null;
  readonly listpackLimit: number | null;
  /** CONFIG's `save`; empty when no snapshots are made. */
  readonly savePoints: string | null;
  /** By how much its clock surely differs from this process'. */
  readonly clockSkewMs: number;
  /** Whether another node of its cluster has the queue's keys. */
  readonly isSlotElsewhere: boolean;
  /** The prefix of the queue's keys. */
  readonly prefix: string;
}

/** Judges a Redis or Valkey; a finding for each thing looked at. */
export function judgeRedisServer(facts: RedisFacts): ServerCheck {
  const { info } = facts;
  const isValkey = info["valkey_version"] !== undefined;
  const version = info["valkey_version"] ?? info["redis_version"] ?? "unknown";
  return {
    server: `${isValkey ? "Valkey" : "Redis"} ${version}`,
    version,
    findings: [
      // Valkey forked from Redis 7.2, and says so in redis_version.
      judgeVersion(version, info["redis_version"] ?? version),
      judgeEviction(facts),
      judgePersistence(facts),
      judgeRole(facts),
      judgeMemory(info),
      judgeListpack(facts),
      judgeClock(facts),
    ],
  };
}

function judgeVersion(shown: string, speaksFor: string): Finding {
  const check = "redis_version";
  const fix = `Update it to ${ADVISED_VERSION} or newer; ${REQUIRED_VERSION} is the oldest that works.`;
  if (shown === "unknown") return { check, severity: "warning", message: "The host does not tell its version.", fix };
  if (!isAtLeast(speaksFor, REQUIRED_VERSION)) {
    return { check, severity: "fatal", message: `Version ${shown} is too old.`, fix };
  }
  if (!isAtLeast(speaksFor, ADVISED_VERSION)) {
    return { check, severity: "warning", message: `Version ${shown} works, a newer one is advised.`, fix };
  }
  return { check, severity: "ok", message: `Version ${shown}.` };
}

function judgeEviction({ maxmemoryPolicy }: RedisFacts): Finding {
  const check = "redis_eviction_policy";
  if (maxmemoryPolicy === "noeviction") return { check, severity: "ok", message: "maxmemory-policy is noeviction." };
  const fix = "Set maxmemory-policy to noeviction.";
  if (maxmemoryPolicy === null) {
    const message = "The host hides maxmemory-policy. Any other than noeviction drops tickets when memory is short.";
    return { check, severity: "warning", message, fix };
  }
  const message = `maxmemory-policy is ${maxmemoryPolicy}: it drops tickets when memory is short.`;
  return { check, severity: "fatal", message, fix };
}

function judgePersistence({ info, savePoints }: RedisFacts): Finding {
  const check = "redis_persistence";
  const warning = (message: string, fix: string): Finding => ({ check, severity: "warning", message, fix });
  const costs = "after a restart tickets are made anew from Postgres: it takes longer, no job is lost";
  const isFailing = info["aof_last_write_status"] === "err" || info["rdb_last_bgsave_status"] === "err";
  if (isFailing)
    return warning("Its last write to disk failed; it may refuse tickets.", "Look at its log and its disk.");
  if (info["aof_enabled"] === undefined) return { check, severity: "ok", message: "The host does not tell." };
  if (info["aof_enabled"] === "1") return { check, severity: "ok", message: "The append-only file is on." };
  const fix = "Set appendonly yes and appendfsync everysec.";
  if (savePoints === "") return warning(`Nothing is written to disk: ${costs}.`, fix);
  if (savePoints === null) return warning(`The append-only file is off: ${costs}.`, fix);
  return warning(`Only snapshots are written to disk (save ${savePoints}): ${costs}.`, fix);
}

function judgeRole({ info, prefix, isSlotElsewhere }: RedisFacts): Finding {
  const check = "redis_role";
  const fatal = (message: string, fix: string): Finding => ({ check, severity: "fatal", message, fix });
  const role = info["role"];
  if (role !== undefined && role !== "master") {
    return fatal(`It is a ${role === "slave" ? "replica" : role}, which takes no writes.`, "Connect to the primary.");
  }
  const isCluster = info["cluster_enabled"] === "1";
  if (isCluster && !/\{[^}]+\}/.test(prefix)) {
    const fix = "Set QUEUE_PREFIX to a prefix with a hash tag in braces, such as {millrace}.";
    return fatal(`It is a cluster, and the keys that begin with ${prefix} are not all in one slot.`, fix);
  }
  if (isSlotElsewhere) {
    return fatal("Another node of its cluster has the queue's keys.", "Connect to the node that has their slot.");
  }
  return { check, severity: "ok", message: isCluster ? "The cluster's node with the queue's slot." : "A primary." };
}

function judgeMemory(info: RedisFacts["info"]): Finding {
  const check = "redis_memory";
  const [used, max, system] = ["used_memory", "maxmemory", "total_system_memory"].map((name) =>
    Number(info[name] ?? 0),
  );
  const limit = max! > 0 ? max! : system!;
  if (used === 0 || limit === 0) return { check, severity: "ok", message: "The host does not tell." };
  const share = used! / limit;
  const ofWhat = max! > 0 ? "maxmemory" : "the machine's memory (maxmemory is not set)";
  const message = `${inMb(used!)} MB of ${inMb(limit)} MB used, ${Math.round(share * 100)} % of ${ofWhat}.`;
  const fix = "Give it more memory, or see what else it keeps. When it is full it takes no tickets.";
  // never fatal: workers that may not start cannot empty it, and jobs wait in Postgres meanwhile
  if (share > FULL) return { check, severity: "warning", message, fix };
  return { check, severity: "ok", message };
}

function inMb(bytes: number): number {
  return Math.round(bytes / BYTES_PER_MB);
}

function judgeListpack({ listpackLimit }: RedisFacts): Finding {
  const check = "redis_listpack";
  if (listpackLimit === null) return { check, severity: "ok", message: "The host does not tell." };
  const message = `hash-max-listpack-value is ${listpackLimit}`;
  if (listpackLimit >= ADVISED_LISTPACK_BYTES) return { check, severity: "ok", message: `${message}.` };
  const fix = "Set hash-max-listpack-value (hash-max-ziplist-value before 7.0) to 512 to halve that.";
  return { check, severity: "warning", message: `${message}: a ticket may take 800 bytes.`, fix };
}

function judgeClock({ clockSkewMs }: RedisFacts): Finding {
  const check = "redis_clock";
  const seconds = (clockSkewMs / 1_000).toFixed(1);
  const message = `Its clock and this machine's differ by ${seconds} s`;
  if (clockSkewMs <= MAX_CLOCK_SKEW_MS) return { check, severity: "ok", message: `${message} at least.` };
  const fix = "Keep both machines' clocks with NTP.";
  return { check, severity: "warning", message: `${message} or more: delayed tickets come early or late.`, fix };
}
