export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** The small shape core needs of a schema library: zod 4 types satisfy it. `parse` throws on a mismatch. */
export interface Schema<T> {
  parse(value: unknown): T;
}
