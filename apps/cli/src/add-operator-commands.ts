import type { Lane, LaneChange, RateLimit } from "@millrace/core";
import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { addAlertCommands } from "./add-alert-commands.ts";
import { addChannelCommands } from "./add-channel-commands.ts";
import { addQuotaCommands } from "./add-quota-commands.ts";
import { doctor } from "./commands/doctor.ts";
import { changeLane, listLanes } from "./commands/lanes.ts";
import { reconcile } from "./commands/reconcile.ts";
import type { CliConfig } from "./config.ts";
import { parseConcurrency, parseLane, parseRate, parseWindow } from "./lanes/parse-limits.ts";
import type { Terminal } from "./terminal.ts";

/** A comparison that could not be made; 1 says that it was, and what it found. */
const COULD_NOT_LOOK = 2;

export interface OperatorNeeds {
  readonly config: CliConfig;
  readonly terminal: Terminal;
  setExitCode(code: number): void;
}

/** `doctor`, `reconcile`, `lanes`, `channels` and `alerts`: for whoever runs Millrace. */
export function addOperatorCommands(program: Command, needs: OperatorNeeds): void {
  const { config, terminal, setExitCode } = needs;
  program
    .command("doctor")
    .description("look at everything Millrace needs, and say what to do about what is wrong")
    .option("--json", "for programs", false)
    .action(async (options: { json: boolean }) => {
      if (!(await doctor(config, terminal, options))) setExitCode(1);
    });
  program
    .command("reconcile")
    .description("compare the queue with the jobs in Postgres; exit code 1 when they differ")
    .option("--dry-run", "only look (what it does unless told otherwise)")
    .addOption(new Option("--apply", "repair what differs").default(false).conflicts("dryRun"))
    .option("--json", "for programs", false)
    .action(async (options: { apply: boolean; json: boolean }) => {
      try {
        if (!(await reconcile(config, terminal, options))) setExitCode(1);
      } catch (error) {
        terminal.warn(error instanceof Error ? error.message : String(error));
        setExitCode(COULD_NOT_LOOK);
      }
    });
  addLaneCommands(program, needs);
  addChannelCommands(program, needs);
  addQuotaCommands(program, needs);
  addAlertCommands(program, needs);
}

/** In a box, because commander makes the empty text of an option's null. */
interface Given<T> {
  readonly value: T;
}

interface LimitOptions {
  readonly concurrency?: Given<number | null>;
  readonly rate?: Given<RateLimit | null>;
  readonly window?: Given<number>;
}

function addLaneCommands(program: Command, { config, terminal }: OperatorNeeds): void {
  const change = (lane: Lane, wanted: LaneChange): Promise<void> => changeLane(config, terminal, lane, wanted);
  const lane = (): Argument => new Argument("<lane>", "io, cpu or media").argParser(asArgument(parseLane));
  const lanes = program
    .command("lanes")
    .description("what the lanes do; pause, resume and limit them")
    .option("--json", "for programs", false)
    .action((options: { json: boolean }) => listLanes(config, terminal, options));
  lanes
    .command("pause")
    .description("workers take no more of this lane; jobs wait")
    .addArgument(lane())
    .action((name: Lane) => change(name, { isPaused: true }));
  lanes
    .command("resume")
    .description("workers take it again")
    .addArgument(lane())
    .action((name: Lane) => change(name, { isPaused: false }));
  lanes
    .command("set")
    .description("limit a lane over all workers")
    .addArgument(lane())
    .option("--concurrency <count>", "jobs at a time; none takes the limit away", asArgument(boxed(parseConcurrency)))
    .option(
      "--rate <rate>",
      "jobs taken in a time, such as 100/1s; none takes the limit away",
      asArgument(boxed(parseRate)),
    )
    .option(
      "--window <tickets>",
      "how many tickets the queue may hold; the rest waits in Postgres",
      asArgument(boxed(parseWindow)),
    )
    .action((name: Lane, { concurrency, rate, window }: LimitOptions) => {
      if (concurrency === undefined && rate === undefined && window === undefined) {
        throw new Error("Nothing to set: give --concurrency, --rate or --window.");
      }
      return change(name, {
        ...(concurrency !== undefined && { concurrency: concurrency.value }),
        ...(rate !== undefined && { rateLimit: rate.value }),
        ...(window !== undefined && { windowTickets: window.value }),
      });
    });
}

const boxed =
  <T>(parse: (text: string) => T) =>
  (text: string): Given<T> => ({ value: parse(text) });

function asArgument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(`Expected ${(error as Error).message}.`);
    }
  };
}
