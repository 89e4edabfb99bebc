import { migrate } from "@millrace/db";
import type { CliConfig } from "../config.ts";
import type { Terminal } from "../terminal.ts";
import { withDatabaseUrl } from "../with-database.ts";

export async function migrateDatabase(config: CliConfig, terminal: Terminal): Promise<void> {
  await withDatabaseUrl(config, terminal, migrate);
  terminal.say("The database has the newest schema.");
}
