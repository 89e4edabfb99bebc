import { type Json, notionId, PRIORITIES } from "@millrace/core";
import { z } from "zod";
import type { BoardChannel } from "./read-page.ts";

/** A channel as its row has it. */
export interface PlannedChannel {
  /** uuid. */
  readonly id: string;
  readonly channelId: string;
  readonly channelName: string;
  readonly ownerId: string;
  readonly isActive: boolean;
  /** The fields of its file. */
  readonly config: Json;
}

/** A database of Notion with the channels whose videos are planned on it, in order of their short ids. */
export interface Board {
  /** 32 hex digits. */
  readonly databaseId: string;
  readonly channels: readonly (BoardChannel & PlannedChannel)[];
}

const plannedFields = z.looseObject({
  notion_database_id: z.string().nullish(),
  priority: z.enum(PRIORITIES).default("normal"),
});

/** The boards that channels name. A channel without one is on none. */
export function boardsOf(channels: readonly PlannedChannel[]): readonly Board[] {
  const boards = new Map<string, (BoardChannel & PlannedChannel)[]>();
  for (const channel of channels.toSorted((a, b) => (a.channelId < b.channelId ? -1 : 1))) {
    const { data } = plannedFields.safeParse(channel.config);
    const databaseId = notionId(data?.notion_database_id ?? "");
    if (data === undefined || databaseId === undefined) continue;
    const planned = { ...channel, names: [channel.channelName, channel.channelId], priority: data.priority };
    boards.set(databaseId, [...(boards.get(databaseId) ?? []), planned]);
  }
  return [...boards].map(([databaseId, planned]) => ({ databaseId, channels: planned }));
}
