import { once } from "node:events";
import type { CliConfig } from "../config.ts";
import type { Terminal } from "../terminal.ts";
import { bringUp } from "../up/bring-up.ts";
import { stopInstance } from "../up/stop-instance.ts";
import { listenForStop } from "../up/stop-signals.ts";
import { welcome } from "../up/welcome.ts";

export interface UpOptions {
  readonly workers: number;
}

/** Everything up until Ctrl-C, then everything down. */
export async function up(config: CliConfig, terminal: Terminal, options: UpOptions): Promise<void> {
  const signals = listenForStop(terminal);
  try {
    const instance = await bringUp({
      config,
      terminal,
      workers: options.workers,
      logLevel: config.LOG_LEVEL ?? "info",
      allowLoopback: config.ALLOW_LOOPBACK ?? false,
      signal: signals.first,
    });
    terminal.say(welcome(instance, config, terminal.colour));
    if (!signals.first.aborted) await once(signals.first, "abort");
    await stopInstance(instance, signals);
    terminal.say("Everything is stopped.");
  } catch (error) {
    if (!signals.first.aborted) throw error;
    terminal.say("Everything is stopped.");
  } finally {
    signals.release();
  }
}
