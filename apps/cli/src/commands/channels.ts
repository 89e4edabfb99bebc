import { userInfo } from "node:os";
import { type ChannelChange, type ChannelRow, createChannelStore, createKeyStore } from "@millrace/db";
import type { CliConfig } from "../config.ts";
import type { Terminal } from "../terminal.ts";
import { connectForCli, withDatabaseUrl } from "../with-database.ts";

/** The longest lines are what one looks for. */
const MOST_SHOWN = 1_000;

export function listChannels(
  config: CliConfig,
  terminal: Terminal,
  options: { readonly json: boolean },
): Promise<void> {
  const quiet = options.json ? { ...terminal, say: terminal.warn } : terminal;
  return withDatabaseUrl(config, quiet, async (url) => {
    const db = connectForCli(url);
    try {
      const channels = await createChannelStore(db).listChannels(MOST_SHOWN);
      if (options.json) terminal.say(JSON.stringify({ channels: channels.map(jsonOf) }, null, 2));
      else show(channels, terminal);
    } finally {
      await db.close();
    }
  });
}

/** Holds from the next pick on. */
export function changeChannel(config: CliConfig, terminal: Terminal, id: string, change: ChannelChange): Promise<void> {
  return withDatabaseUrl(config, terminal, async (url) => {
    const db = connectForCli(url);
    try {
      const channels = createChannelStore(db);
      const before = await channels.findChannel(id);
      const after = await channels.changeChannel(id, change);
      const details = { channel_id: id, before: shareOf(before), after: shareOf(after) };
      const actor = `cli:${userInfo().username}`;
      await createKeyStore(db).recordAudit({ event: "audit.channel_change", actor, details });
      const cap = after.maxInFlight === null ? "no cap" : `at most ${after.maxInFlight} in flight`;
      terminal.say(`${id}: ${after.isActive ? "active" : "switched off"}, weight ${after.weight}, ${cap}`);
    } finally {
      await db.close();
    }
  });
}

const shareOf = ({ weight, maxInFlight, isActive }: ChannelRow) => ({
  weight,
  max_in_flight: maxInFlight,
  is_active: isActive,
});

const jsonOf = (channel: ChannelRow) => ({
  channel_id: channel.id,
  ...shareOf(channel),
  waiting: channel.waiting,
  in_flight: channel.inFlight,
});

const COLUMNS = ["channel", "state", "weight", "cap", "waiting", "in flight"] as const;

function show(channels: readonly ChannelRow[], { say, colour }: Terminal): void {
  const rows = channels.map((channel) => [
    channel.id,
    channel.isActive ? "active" : "off",
    String(channel.weight),
    String(channel.maxInFlight ?? "none"),
    String(channel.waiting),
    String(channel.inFlight),
  ]);
  const widths = COLUMNS.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  say(colour.bold(line(COLUMNS)));
  for (const row of rows) say(line(row));
  if (channels.length === MOST_SHOWN) say(`The first ${MOST_SHOWN}.`);
}
