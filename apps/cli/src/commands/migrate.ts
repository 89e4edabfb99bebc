import { migrate, revertCutover, revertExtraction, revertVideo } from "@millrace/db";
import type { CliConfig } from "../config.ts";
import type { Terminal } from "../terminal.ts";
import { withDatabaseUrl } from "../with-database.ts";

export async function migrateDatabase(config: CliConfig, terminal: Terminal): Promise<void> {
  await withDatabaseUrl(config, terminal, migrate);
  terminal.say("The database has the newest schema.");
}

/** For whoever has to go back to a program that reads two status pairs (A-Q17). */
export async function revertStatusCutover(config: CliConfig, terminal: Terminal): Promise<void> {
  await withDatabaseUrl(config, terminal, revertCutover);
  terminal.say(
    "contents has its two status pairs again. Millrace does not run on it; `millrace migrate` leads forward.",
  );
}

/** For whoever has to go back to a program that knows no extraction (B-S12). */
export async function revertExtractionTables(config: CliConfig, terminal: Terminal): Promise<void> {
  await withDatabaseUrl(config, terminal, revertExtraction);
  terminal.say(
    "The tables of extraction are gone. Millrace does not run without them; `millrace migrate` makes new ones.",
  );
}

/** For whoever has to go back to a program that makes no videos (C-S06). */
export async function revertVideoTables(config: CliConfig, terminal: Terminal): Promise<void> {
  await withDatabaseUrl(config, terminal, revertVideo);
  terminal.say(
    "Tasks, quotas, permits and alerts are gone. Millrace does not run without them; `millrace migrate` makes new ones.",
  );
}
