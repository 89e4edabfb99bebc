import { type Colour, createColour } from "./colour.ts";
import type { CliConfig } from "./config.ts";

/** Where the command writes. */
export interface Terminal {
  readonly colour: Colour;
  say(line: string): void;
  warn(line: string): void;
}

export function createTerminal(config: Pick<CliConfig, "NO_COLOR">): Terminal {
  const colour = createColour(process.stdout.isTTY === true && !config.NO_COLOR);
  return {
    colour,
    say: (line) => console.log(line),
    warn: (line) => console.error(colour.yellow(line)),
  };
}
