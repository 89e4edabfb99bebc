import { z } from "zod";
import { fieldProblem } from "./request-problem.ts";

const position = z.tuple([z.iso.datetime(), z.uuid()]);

/** Where a page ended: the next one holds rows after this one in (created_at desc, id desc). */
export interface Position {
  readonly createdAt: Date;
  readonly id: string;
}

export function writeCursor({ createdAt, id }: Position): string {
  return Buffer.from(JSON.stringify([createdAt.toISOString(), id])).toString("base64url");
}

export function readCursor(text: string | undefined): Position | undefined {
  if (text === undefined) return undefined;
  try {
    const [createdAt, id] = position.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
    return { createdAt: new Date(createdAt), id };
  } catch {
    throw fieldProblem("cursor", "cursor", "is not a cursor of this API");
  }
}

/** A page of at most `limit` out of rows read with one more than that, and where the next one starts. */
export function cutPage<T extends Position>(rows: readonly T[], limit: number): { page: T[]; next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, next: rows.length > limit && last ? writeCursor(last) : null };
}
