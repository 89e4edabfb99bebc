import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Finding } from "@millrace/core";
import { keptPostgresUrl, keptRedisUrl } from "@millrace/embedded";
import type { QueueAddress } from "@millrace/queue";
import type { CliConfig } from "../config.ts";
import { findRunning } from "../up/instance-file.ts";

export interface Addresses {
  readonly databaseUrl: string | undefined;
  readonly queue: QueueAddress | undefined;
  readonly blobUrl: string | undefined;
  readonly findings: readonly Finding[];
}

/** What the settings name, else what is up in the data folder. Starts nothing. */
export async function findAddresses(config: CliConfig): Promise<Addresses> {
  const { dataDir } = config;
  const running = await findRunning(dataDir);
  const kept = (find: (folder: string) => Promise<string | undefined>, name: string) =>
    running === undefined ? undefined : find(join(dataDir, name));
  const databaseUrl = config.DATABASE_URL ?? (await kept(keptPostgresUrl, "postgres"));
  const redisUrl = config.REDIS_URL ?? (await kept(keptRedisUrl, "redis"));
  const isOnPostgres = config.QUEUE_BACKEND === "postgres" || (redisUrl === undefined && running !== undefined);
  return {
    databaseUrl,
    queue: isOnPostgres ? databaseUrl && { postgresUrl: databaseUrl } : redisUrl && { redisUrl },
    blobUrl: config.BLOB_URL ?? (running && pathToFileURL(join(dataDir, "blobs")).href),
    findings: instanceFindings(config, running?.launcher.pid),
  } as Addresses;
}

function instanceFindings({ dataDir, DATABASE_URL, REDIS_URL, QUEUE_BACKEND }: CliConfig, pid?: number): Finding[] {
  const check = "instance";
  if (pid !== undefined) return [{ check, severity: "ok", message: `Millrace is up in ${dataDir} (pid ${pid})` }];
  const unset = [
    ...(DATABASE_URL === undefined ? ["DATABASE_URL"] : []),
    ...(REDIS_URL === undefined && QUEUE_BACKEND === "redis" ? ["REDIS_URL"] : []),
  ];
  if (unset.length === 0) return [];
  const message = `Nothing is up in ${dataDir}, and ${unset.join(" and ")} ${unset.length === 1 ? "is" : "are"} not set: not everything was looked at.`;
  return [{ check, severity: "warning", message, fix: "Run npm start and ask again, or set them." }];
}
