import { type Finding, type Log, silentLog } from "@millrace/core";
import { checkDatabase, type Database } from "@millrace/db";
import { openBlobs } from "@millrace/providers";
import { type ConnectedQueue, connectQueue, type QueueAddress } from "@millrace/queue";
import { lookWithin } from "./look-within.ts";

/** Longer than one query or command may take, so that its own, better message comes first. */
const LIMIT_MS = 12_000;
const BLOBS_MS = 10_000;

export function examineDatabase(url: string, db: Database): Promise<readonly Finding[]> {
  const look = {
    check: "postgres_reachable",
    subject: `Postgres at ${hostOf(url)}`,
    limitMs: LIMIT_MS,
    fix: "Start it, or correct DATABASE_URL.",
  };
  return lookWithin(look, () => checkDatabase(db, { now: Date.now }));
}

/** `use` gets the connection, which the caller closes. */
export function examineQueue(address: QueueAddress, prefix: string, use: (queue: ConnectedQueue) => void) {
  const url = "redisUrl" in address ? address.redisUrl : address.postgresUrl;
  const look = {
    check: "queue_reachable",
    subject: `The queue at ${hostOf(url)}`,
    limitMs: LIMIT_MS,
    fix: "redisUrl" in address ? "Start Redis, or correct REDIS_URL." : "Start Postgres, or correct DATABASE_URL.",
  };
  // what a command says of a connection that is not there says little; why it is not there is only logged
  let refusal: unknown;
  const log: Log = {
    ...silentLog,
    warn({ err }) {
      refusal ??= err;
    },
    child: () => log,
  };
  return lookWithin(look, async () => {
    const queue = await connectQueue(address, { prefix, role: "producer", log });
    use(queue);
    const { findings } = await queue.checkServer().catch((error: unknown) => {
      throw refusal ?? error;
    });
    return findings;
  });
}

export async function examineBlobs(url: string): Promise<readonly Finding[]> {
  const { protocol, host, pathname } = new URL(url);
  const place = `${protocol}//${host}${pathname}`;
  const look = {
    check: "blob_store",
    subject: `The blob store at ${place}`,
    limitMs: BLOBS_MS,
    fix: "Make it reachable and writable for this user, or correct BLOB_URL.",
  };
  return lookWithin(look, async () => {
    await (await openBlobs(url)).check();
    return [{ check: "blob_store", severity: "ok", message: `${place} can be written` }];
  });
}

/** Without user and password. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "an address that cannot be read";
}
