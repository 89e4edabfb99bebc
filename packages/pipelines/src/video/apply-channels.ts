import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "@millrace/core";
import type { Channel, ChannelFilesState } from "@millrace/providers";

/** A channel's row as its file wants it. */
export interface FileChannel {
  readonly ownerId: string;
  readonly channelId: string;
  readonly channelName: string;
  readonly weight: number;
  readonly maxInFlight: number | null;
  readonly isActive: boolean;
  readonly quotaPool: string;
  readonly source: "file" | "api";
  readonly config: JsonObject;
}

export interface ChannelRows {
  listVideoChannels(ownerId: null): Promise<readonly { readonly channelId: string }[]>;
  /** `taken`: another owner's. */
  putChannel(channel: FileChannel): Promise<unknown>;
  retireChannels(stillThere: readonly string[]): Promise<readonly string[]>;
}

export interface AppliedChannels {
  /** Short ids of those that were made or changed. */
  readonly written: readonly string[];
  /** Those whose files are gone: they are not active any more. */
  readonly retired: readonly string[];
  /** Those of another owner, which stay as they are. */
  readonly taken: readonly string[];
}

/**
 * Makes the rows of channels what their files say; of a row that is so already nothing is written. A channel whose file
 * is gone is retired, but none that a wrong file may be about.
 */
export async function applyChannels(
  { channels, problems }: ChannelFilesState,
  { ownerId, rows }: { readonly ownerId: string; readonly rows: ChannelRows },
): Promise<AppliedChannels> {
  const known = new Map((await rows.listVideoChannels(null)).map((row) => [row.channelId, row]));
  const there = channels.filter((channel) => !isRemoved(channel));
  const written: string[] = [];
  const taken: string[] = [];
  for (const channel of there) {
    const wanted = fileChannelOf(channel, ownerId);
    if (isSame(known.get(channel.channelId), wanted)) continue;
    const isTaken = (await rows.putChannel(wanted)) === "taken";
    (isTaken ? taken : written).push(channel.channelId);
  }
  // whose file is wrong cannot be told: it may be that of any channel that has none
  const isUnsure = problems.some(({ channelId }) => channelId === null);
  const named = [...there, ...problems].map(({ channelId }) => channelId ?? "");
  const retired = isUnsure ? [] : await rows.retireChannels(named);
  return { written, retired, taken };
}

/** Switched off because its file went, not by its file. */
const isRemoved = ({ share, fields }: Channel): boolean => !share.isActive && fields["is_active"] === true;

function fileChannelOf({ channelId, channelName, share, quotaPool, fields }: Channel, ownerId: string): FileChannel {
  return { ownerId, channelId, channelName, ...share, quotaPool, source: "file", config: fields };
}

function isSame(row: object | undefined, wanted: FileChannel): boolean {
  const has = new Map(Object.entries(row ?? {}));
  return Object.entries(wanted).every(([name, value]) => isDeepStrictEqual(has.get(name), value));
}
