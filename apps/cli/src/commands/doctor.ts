import { fileURLToPath } from "node:url";
import { type Finding, judgeSecrets } from "@millrace/core";
import type { Database } from "@millrace/db";
import type { ConnectedQueue } from "@millrace/queue";
import type { CliConfig } from "../config.ts";
import { examineCredentials } from "../credentials/examine-credentials.ts";
import { examineMachine } from "../doctor/examine-machine.ts";
import { examineBlobs, examineDatabase, examineQueue } from "../doctor/examine-stores.ts";
import { examineWork } from "../doctor/examine-work.ts";
import { type Addresses, findAddresses } from "../doctor/find-addresses.ts";
import { overall, showFindings } from "../doctor/show-findings.ts";
import type { Terminal } from "../terminal.ts";
import { connectForCli } from "../with-database.ts";

/** Looks at everything, changes nothing, starts nothing. Resolves with whether nothing is fatal. */
export async function doctor(config: CliConfig, terminal: Terminal, { json }: { json: boolean }): Promise<boolean> {
  const addresses = await findAddresses(config);
  const { blobUrl } = addresses;
  const folders = [config.dataDir, ...(blobUrl?.startsWith("file:") ? [fileURLToPath(blobUrl)] : [])];
  const [machine, stores, blobs] = await Promise.all([
    examineMachine(folders),
    examineRunning(config, addresses),
    blobUrl === undefined ? [] : examineBlobs(blobUrl),
  ]);
  const findings = [...machine, ...addresses.findings, ...examineSecrets(config, addresses), ...stores, ...blobs];
  const status = overall(findings);
  if (json) terminal.say(JSON.stringify({ status, findings }, null, 2));
  else for (const line of showFindings(findings, terminal.colour)) terminal.say(line);
  return status !== "fatal";
}

/** Postgres and the queue, and what moves in them. */
async function examineRunning(config: CliConfig, { databaseUrl, queue: address }: Addresses): Promise<Finding[]> {
  const db = databaseUrl === undefined ? undefined : connectForCli(databaseUrl);
  let queue: ConnectedQueue | undefined;
  try {
    const [database, server] = await Promise.all([
      examineOrSkip(databaseUrl, db),
      address === undefined
        ? []
        : examineQueue(address, config.QUEUE_PREFIX, (opened) => {
            queue = opened;
          }),
    ]);
    const isUsable = database.length > 0 && !database.some(isObstacle);
    const canAsk = !server.some(({ check }) => check === "queue_reachable");
    const work = db !== undefined && isUsable ? await examineWork(db, canAsk ? queue : undefined) : [];
    const credentials = db !== undefined && isUsable ? await examineCredentials(db, config.CREDENTIAL_KEYS) : [];
    return [...database, ...server, ...work, ...credentials];
  } finally {
    await Promise.all([queue?.close(), db?.close()]);
  }
}

function examineSecrets(config: CliConfig, { databaseUrl, queue }: Addresses): readonly Finding[] {
  const redisUrl = queue !== undefined && "redisUrl" in queue ? queue.redisUrl : undefined;
  return judgeSecrets({ ...config, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl });
}

/** Without these two there is no record to ask. */
function isObstacle({ check, severity }: Finding): boolean {
  return check === "postgres_reachable" || (check === "migrations" && severity === "fatal");
}

async function examineOrSkip(url: string | undefined, db: Database | undefined): Promise<readonly Finding[]> {
  return url === undefined || db === undefined ? [] : examineDatabase(url, db);
}
