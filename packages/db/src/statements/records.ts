import { arrayLiteral } from "../array-literal.ts";
import type { Database, Query } from "../database.ts";
import { plainText } from "../json-text.ts";
import { newId } from "../new-id.ts";
import { camelRow } from "./camel-row.ts";

export interface RecordRow {
  readonly id: string;
  readonly ownerId: string;
  readonly title: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface RecordFilter {
  /** null: everybody's (admin). */
  readonly ownerId: string | null;
  readonly limit: number;
  /** Keyset: rows after this one in (created_at desc, id desc). */
  readonly after?: { readonly createdAt: Date; readonly id: string } | undefined;
}

const COLUMNS = "id, owner_id, title, created_at, updated_at";
const recordOf = (row: Record<string, unknown>): RecordRow =>
  camelRow<RecordRow>(row, { instants: ["created_at", "updated_at"] });

export async function createRecord(
  query: Query,
  { ownerId, title }: { readonly ownerId: string; readonly title: string | null },
): Promise<RecordRow> {
  const [row] = await query(
    `insert into records (id, owner_id, title) values ($1::uuid, $2::uuid, $3) returning ${COLUMNS}`,
    [newId(), ownerId, plainText(title)],
  );
  return recordOf(row!);
}

export async function findRecord(query: Query, id: string, ownerId: string | null): Promise<RecordRow | undefined> {
  const [row] = await query(
    `select ${COLUMNS} from records where id = $1::uuid and ($2::uuid is null or owner_id = $2::uuid)`,
    [id, ownerId],
  );
  return row === undefined ? undefined : recordOf(row);
}

/** Newest first; over all owners by id, which is a time too (uuid v7). */
export async function listRecords(query: Query, { ownerId, limit, after }: RecordFilter): Promise<RecordRow[]> {
  const rows =
    ownerId === null
      ? await query(
          `select ${COLUMNS} from records
           where id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') order by id desc limit $2::int`,
          [after?.id ?? null, limit],
        )
      : await query(
          `select ${COLUMNS} from records
           where owner_id = $1::uuid and (created_at, id) < (coalesce($2::timestamptz, 'infinity'), coalesce($3::uuid, $1::uuid))
           order by created_at desc, id desc limit $4::int`,
          [ownerId, after?.createdAt.toISOString() ?? null, after?.id ?? null, limit],
        );
  return rows.map(recordOf);
}

/** Those of these ids that are there. */
export async function knownRecords(query: Query, ids: readonly string[], ownerId: string | null): Promise<string[]> {
  const rows = await query<{ id: string }>(
    "select id from records where id = any ($1::uuid[]) and ($2::uuid is null or owner_id = $2::uuid)",
    [arrayLiteral(ids), ownerId],
  );
  return rows.map(({ id }) => id);
}

/**
 * Its extractions stay, linked to nothing (B-S06). They are let go in the order in which everybody locks them; the
 * foreign key would take them as they come.
 */
export async function deleteRecord(db: Database, id: string, ownerId: string | null): Promise<boolean> {
  return db.transaction(async (query) => {
    const [record] = await query(
      "select id from records where id = $1::uuid and ($2::uuid is null or owner_id = $2::uuid) for update",
      [id, ownerId],
    );
    if (record === undefined) return false;
    await query("select id from extraction_jobs where record_id = $1::uuid order by id for no key update", [id]);
    await query("update extraction_jobs set record_id = null where record_id = $1::uuid", [id]);
    await query("delete from records where id = $1::uuid", [id]);
    return true;
  });
}
