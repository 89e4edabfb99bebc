import { join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { OperatorNeeds } from "./add-operator-commands.ts";
import { createApiClient, findApi } from "./api-client.ts";
import { classifyContents } from "./commands/content-classify.ts";
import { exportSummaries } from "./commands/content-export.ts";
import { type BatchContext, reprocessContents } from "./commands/content-reprocess.ts";
import type { ContentFilter } from "./content/list-contents.ts";
import { type BatchReport, type BatchWish, endWith } from "./content/run-batch.ts";

const MAX_CONCURRENCY = 32;

function concurrencyOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_CONCURRENCY) return count;
  throw new InvalidArgumentError(`a number from 1 to ${MAX_CONCURRENCY}`);
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

type BatchOptions = BatchWish & { readonly restart?: boolean };

/** `content classify`, `reprocess` and `export-summaries`, through the API. The first Ctrl-C ends a run in order. */
export function addContentCommands(program: Command, { config, terminal, setExitCode }: OperatorNeeds): void {
  const content = program.commands.find((command) => command.name() === "content") ?? program.command("content");
  if (content.description() === "") content.description("work on contents");

  const run = async (options: BatchOptions, act: (context: BatchContext) => Promise<BatchReport>): Promise<void> => {
    const address = await findApi(config);
    const interrupt = new AbortController();
    const stop = (): void => {
      terminal.warn("Stopping after what is under way. Once more stops at once.");
      interrupt.abort();
    };
    process.once("SIGINT", stop).once("SIGTERM", stop);
    try {
      const report = await act({
        api: createApiClient(address),
        apiUrl: address.apiUrl,
        runsFolder: join(config.dataDir, "content-runs"),
        isRestarted: options.restart === true,
        wish: options,
        terminal,
        screen: options.json ? { write: () => {} } : process.stderr,
        signal: interrupt.signal,
      });
      setExitCode(endWith(report, options, terminal));
    } finally {
      process.off("SIGINT", stop).off("SIGTERM", stop);
    }
  };
  const batch = (name: string, description: string): Command =>
    content
      .command(name)
      .description(description)
      .option("--dry-run", "only say which contents", false)
      .option("--json", "for programs", false)
      .option("--concurrency <count>", "contents at a time", concurrencyOf, 4)
      .option("--type <type>", "only youtube, web, markdown, text or pdf")
      .option("--tag <tag>", "only with this tag (repeatable: with all of them)", collect, []);
  const restart = "forget what an unfinished run of this command has done";

  batch("classify", "start a run for every content without a result: pending, failed or cancelled")
    .option("--status <status>", "only these instead (repeatable)", collect, [])
    .option("--restart", restart, false)
    .action((options: BatchOptions & ContentFilter) =>
      run(options, (context) => classifyContents(context, filterOf(options))),
    );
  batch("reprocess [content-id...]", "run contents again, on what is stored already")
    .option("--all", "every content", false)
    .option("--status <status>", "only these (repeatable)", collect, [])
    .option("--tier <tier>", "only S, A, B, C or D")
    .option("--not-version <version>", "only those last processed by another pipeline version")
    .option("--force", "also those that are finished", false)
    .option("--restart", restart, false)
    .action(
      (
        ids: string[],
        options: BatchOptions & ContentFilter & { all: boolean; force: boolean; notVersion?: string },
      ) => {
        const { all, force, notVersion } = options;
        const wish = { ...filterOf(options), ids, all, force, ...(notVersion !== undefined && { notVersion }) };
        return run(options, (context) => reprocessContents(context, wish));
      },
    );
  batch("export-summaries", "write a markdown file with front matter for every content that has a result")
    .requiredOption("--out <folder>", "where; made when missing")
    .option("--tier <tier>", "only S, A, B, C or D")
    .action((options: BatchOptions & ContentFilter & { out: string }) =>
      run(options, (context) => exportSummaries(context, { ...filterOf(options), out: resolve(options.out) })),
    );
}

/** What an option list says about which contents; what was not said is not there. */
function filterOf({ status, type, tier, tag }: ContentFilter): ContentFilter & { readonly status: readonly string[] } {
  return {
    status: status ?? [],
    ...(type !== undefined && { type }),
    ...(tier !== undefined && { tier }),
    ...(tag !== undefined && tag.length > 0 && { tag }),
  };
}
