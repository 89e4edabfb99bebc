import { type Command, InvalidArgumentError } from "commander";
import { type ApiClient, createApiClient, findApi } from "./api-client.ts";
import { decide, listWaiting, makeLink, showReviews } from "./commands/reviews.ts";
import type { CliConfig } from "./config.ts";
import type { Terminal } from "./terminal.ts";

const LISTED = 50;
const LINK_HOURS = 72;

/** `millrace reviews …`: what people decide at gates; through the API. */
export function addReviewCommands(program: Command, config: CliConfig, terminal: Terminal): void {
  const api = async (): Promise<ApiClient> => createApiClient(await findApi(config));
  const reviews = program.command("reviews").description("what waits for a decision, and deciding it");
  reviews
    .command("list")
    .description("jobs that wait at a gate, the oldest first")
    .option("--gate <name>", "only at this gate")
    .action(async (options: { gate?: string }) => listWaiting(await api(), terminal, { ...options, limit: LISTED }));
  reviews
    .command("show <job-id>")
    .description("a job's gates with every decision")
    .action(async (jobId: string) => showReviews(await api(), terminal, jobId));
  for (const [name, decision] of [
    ["approve", "approved"],
    ["reject", "rejected"],
  ] as const) {
    reviews
      .command(`${name} <job-id> <gate>`)
      .description(`${name} the job at this gate; before it arrives, too`)
      .option("--comment <text>", "why")
      .action(async (jobId: string, gate: string, options: { comment?: string }) =>
        decide(await api(), terminal, { jobId, gate, decision, ...options }),
      );
  }
  reviews
    .command("link <job-id> <gate>")
    .description("a link with which somebody decides once, without a key")
    .requiredOption("--reviewer <name>", "who will decide")
    .option("--role <role>", "what they are, repeatable; only roles the key has itself", asRoles, [])
    .option("--hours <number>", "how long it is good", asHours, LINK_HOURS)
    .action(async (jobId: string, gate: string, options: { reviewer: string; role: string[]; hours: number }) =>
      makeLink(await api(), terminal, { jobId, gate, ...options, roles: options.role }),
    );
}

/** Collects a repeated option. */
export function asRoles(role: string, earlier: readonly string[]): string[] {
  return [...earlier, role];
}

function asHours(text: string): number {
  const hours = Number(text);
  if (!(hours > 0)) throw new InvalidArgumentError("Expected a number of hours.");
  return hours;
}
