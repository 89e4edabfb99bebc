import { type Command, InvalidArgumentError, Option } from "commander";
import { type At, changePermits, changeQuota, listPermits, listQuotas } from "./commands/quotas.ts";
import { parseDuration } from "./parse-time.ts";

/** In a box, because commander makes the empty text of an option's null. */
interface Given<T> {
  readonly value: T;
}

interface QuotaOptions {
  readonly limit?: Given<number | null>;
  readonly timeZone?: string;
  readonly pause?: Given<number>;
  readonly reason?: string;
  readonly resume?: true;
}

/** `quotas` and `permits`: what services grant in a day, and how many calls at a time. */
export function addQuotaCommands(program: Command, at: At): void {
  const quotas = program.command("quotas").description("what services grant in a day; limit and pause them");
  quotas
    .command("list", { isDefault: true })
    .description("those that were set, used today or yesterday, or waited for")
    .option("--json", "for programs", false)
    .action((options: { json: boolean }) => listQuotas(at, options));
  quotas
    .command("set")
    .description("limit a quota, pause it or end its pause; what is left out stays")
    .argument("<service>", "such as youtube", asName)
    .argument("<pool>", "such as a project; * for every pool without a limit of its own", asPool)
    .option("--limit <units>", "a day; 0 lets nothing pass, none takes the limit away", boxed(asUnits))
    .option("--time-zone <name>", "where its day begins, such as America/Los_Angeles")
    .option("--pause <time>", "so long, such as 30m", boxed(parseDuration))
    .option("--reason <text>", "why it is paused")
    .addOption(new Option("--resume", "end its pause").conflicts(["pause", "reason"]))
    .action((service: string, pool: string, options: QuotaOptions) => {
      const { limit, timeZone, pause, reason, resume } = options;
      if (limit === undefined && timeZone === undefined && pause === undefined && resume === undefined)
        throw new Error("Nothing to set: give --limit, --time-zone, --pause or --resume.");
      return changeQuota(
        at,
        { service, pool },
        {
          ...(limit !== undefined && { limit: limit.value }),
          ...(timeZone !== undefined && { timeZone }),
          ...(pause !== undefined && { pausedUntil: new Date(Date.now() + pause.value) }),
          ...(pause !== undefined && { pauseReason: reason ?? "paused by an operator" }),
          ...(resume && { pausedUntil: null }),
        },
      );
    });
  const permits = program.command("permits").description("how many calls to a provider at a time, over all workers");
  permits
    .command("list", { isDefault: true })
    .description("the limits, and the calls under way")
    .option("--json", "for programs", false)
    .action((options: { json: boolean }) => listPermits(at, options));
  permits
    .command("set")
    .description("limit the calls to a provider")
    .argument("<provider>", "such as kie, gemini or elevenlabs", asName)
    .argument("<count>", "calls at a time; none takes the limit away", boxed(asUnits))
    .action((provider: string, count: Given<number | null>) => changePermits(at, provider, count.value));
}

function asName(text: string): string {
  if (/^[a-z0-9][a-z0-9_.-]{0,49}$/.test(text)) return text;
  throw new InvalidArgumentError("Expected a name in small letters, such as youtube.");
}

function asPool(text: string): string {
  if (/^(\*|[A-Za-z0-9][A-Za-z0-9_.-]{0,49})$/.test(text)) return text;
  throw new InvalidArgumentError("Expected a pool's name, or *.");
}

function asUnits(text: string): number | null {
  if (text === "none") return null;
  if (!/^\d{1,9}$/.test(text)) throw new Error("a number from 0, or none");
  return Number(text);
}

const boxed =
  <T>(parse: (text: string) => T) =>
  (text: string): Given<T> => {
    try {
      return { value: parse(text) };
    } catch (error) {
      throw new InvalidArgumentError(`Expected ${(error as Error).message}.`);
    }
  };
