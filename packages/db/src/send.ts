import type postgres from "postgres";

export type Param = string | number | null;
export type Row = Record<string, unknown>;

/** Sends one statement; named in the session and planned once, so `text` must be a constant. */
export type Query = <T = Row>(text: string, params?: readonly Param[]) => Promise<T[]>;

export function send<T>(
  client: postgres.Sql | postgres.TransactionSql,
  text: string,
  params: readonly Param[],
): Promise<T[]> {
  return client.unsafe(text, [...params], { prepare: true }) as unknown as Promise<T[]>;
}
