import { join } from "node:path";
import { connectDatabase, type Database } from "@millrace/db";
import { startPostgres } from "@millrace/embedded";
import type { CliConfig } from "./config.ts";
import type { Terminal } from "./terminal.ts";

/** The database the settings name, else the embedded one, started for as long as it is needed. */
export async function withDatabaseUrl<T>(
  config: CliConfig,
  { say }: Terminal,
  use: (url: string) => Promise<T>,
): Promise<T> {
  if (config.DATABASE_URL !== undefined) return use(config.DATABASE_URL);
  const store = await startPostgres({
    dataDir: join(config.dataDir, "postgres"),
    onProgress: (text) => say(`${text} …`),
  });
  try {
    return await use(store.url);
  } finally {
    if (!store.adopted) await store.stop();
  }
}

export function connectForCli(url: string): Database {
  return connectDatabase({ url, maxConnections: 2, applicationName: "millrace-cli" });
}
