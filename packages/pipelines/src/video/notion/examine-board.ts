import type { NotionPage } from "@millrace/providers";
import { BOARD, propertyOf } from "./read-page.ts";

/** A column of the board, as one of its pages has it. */
export interface BoardColumn {
  readonly name: string;
  /** As Notion calls it; null: the board does not have the column. */
  readonly kind: string | null;
  /** Kinds that are read and written. */
  readonly fits: readonly string[];
  readonly isRequired: boolean;
}

const FITS: Readonly<Record<keyof typeof BOARD, readonly string[]>> = {
  title: ["title"],
  topic: ["rich_text"],
  storyDirection: ["rich_text"],
  channel: ["select"],
  status: ["select", "status"],
  priority: ["select"],
  errorLog: ["rich_text"],
  youtubeUrl: ["url", "rich_text"],
};
const REQUIRED: readonly string[] = [BOARD.title, BOARD.topic, BOARD.channel, BOARD.status];

/** Which columns the sync knows, and what a board has in their place. */
export function examineBoard(page: NotionPage): readonly BoardColumn[] {
  return Object.entries(BOARD).map(([key, name]) => ({
    name,
    kind: propertyOf(page, name)?.kind ?? null,
    fits: FITS[key as keyof typeof BOARD],
    isRequired: REQUIRED.includes(name),
  }));
}
