import { type Command, InvalidArgumentError } from "commander";
import { addVideoChannelCommands } from "./add-video-channel-commands.ts";
import { parseActive, parseChannelId, parseMaxInFlight, parseWeight } from "./channels/parse-share.ts";
import { changeChannel, listChannels } from "./commands/channels.ts";
import type { CliConfig } from "./config.ts";
import type { Terminal } from "./terminal.ts";

/** In a box, because commander makes the empty text of an option's null. */
interface Given<T> {
  readonly value: T;
}

interface ShareOptions {
  readonly weight?: Given<number>;
  readonly maxInFlight?: Given<number | null>;
  readonly active?: Given<boolean>;
}

/** `channels`: whose jobs take turns, in which proportion, how many at a time. */
export function addChannelCommands(
  program: Command,
  { config, terminal }: { readonly config: CliConfig; readonly terminal: Terminal },
): void {
  const list = (options: { json: boolean }): Promise<void> => listChannels(config, terminal, options);
  const channels = program.command("channels").description("whose jobs take turns; their shares, caps and queues");
  channels
    .command("list", { isDefault: true })
    .description("channels that were set or have jobs in line, the longest lines first")
    .option("--json", "for programs", false)
    .action(list);
  addVideoChannelCommands(channels, { config, terminal });
  channels
    .command("set")
    .description("give a channel a share, a cap, or switch it off and on")
    .argument("<channel-id>", "a uuid; an owner's own channel has the owner's id", boxed(parseChannelId))
    .option("--weight <weight>", "its share against the others, 0.1 to 100; 1 is ordinary", boxed(parseWeight))
    .option("--max-in-flight <count>", "jobs dispatched at a time; none takes the cap away", boxed(parseMaxInFlight))
    .option("--active <yes|no>", "no: its jobs wait", boxed(parseActive))
    .action(({ value: id }: Given<string>, { weight, maxInFlight, active }: ShareOptions) => {
      if (weight === undefined && maxInFlight === undefined && active === undefined) {
        throw new Error("Nothing to set: give --weight, --max-in-flight or --active.");
      }
      return changeChannel(config, terminal, id, {
        ...(weight !== undefined && { weight: weight.value }),
        ...(maxInFlight !== undefined && { maxInFlight: maxInFlight.value }),
        ...(active !== undefined && { isActive: active.value }),
      });
    });
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
