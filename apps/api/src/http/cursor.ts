import { z } from "zod";
import { fieldProblem } from "./request-problem.ts";

/** Postgres knows no year 0, which ISO 8601 does. */
const instant = z.iso.datetime().refine((text) => !text.startsWith("0000"));

/** [created_at, id], and of a search ordered by rank also the rank. */
const position = z.union([z.tuple([instant, z.uuid()]), z.tuple([instant, z.uuid(), z.number().finite()])]);

/** Where a page ended: the next one holds rows after this one in (created_at desc, id desc), or (rank desc, id desc). */
export interface Position {
  readonly createdAt: Date;
  readonly id: string;
  readonly rank?: number | undefined;
}

export function writeCursor({ createdAt, id, rank }: Position): string {
  const parts = [createdAt.toISOString(), id, ...(rank === undefined ? [] : [rank])];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** `isRanked`: whether the list is ordered by rank, for a cursor of the other order would skip rows. */
export function readCursor(text: string | undefined, isRanked = false): Position | undefined {
  if (text === undefined) return undefined;
  const parsed = position.safeParse(parseJson(Buffer.from(text, "base64url").toString("utf8")));
  if (!parsed.success) throw fieldProblem("cursor", "cursor", "is not a cursor of this API");
  const [createdAt, id, rank] = parsed.data;
  if ((rank !== undefined) !== isRanked) {
    throw fieldProblem("cursor", "cursor", "belongs to a list in another order (with q, or without)");
  }
  return { createdAt: new Date(createdAt), id, rank };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A page of at most `limit` out of rows read with one more than that, and where the next one starts. */
export function cutPage<T extends Position>(rows: readonly T[], limit: number): { page: T[]; next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, next: rows.length > limit && last ? writeCursor(last) : null };
}
