import { type Command, InvalidArgumentError } from "commander";
import { listAlerts, testAlert } from "./commands/alerts.ts";
import type { CliConfig } from "./config.ts";
import type { Terminal } from "./terminal.ts";

function limitOf(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > 1_000) throw new InvalidArgumentError("a number from 1 to 1000");
  return limit;
}

/** `alerts`: what somebody should know, and whether the way to them works. */
export function addAlertCommands(
  program: Command,
  { config, terminal }: { readonly config: CliConfig; readonly terminal: Terminal },
): void {
  const alerts = program.command("alerts").description("what somebody should know, and where it is sent");
  alerts
    .command("list", { isDefault: true })
    .description("the newest alerts, and whether they were sent")
    .option("--limit <count>", "how many", limitOf, 50)
    .option("--json", "for programs", false)
    .action((options: { limit: number; json: boolean }) => listAlerts(config, terminal, options));
  alerts
    .command("test")
    .description("post a test message to ALERT_WEBHOOK_URL")
    .action(() => testAlert(config, terminal));
}
