import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";
import type {} from "./provided.ts";

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Ends whatever is still connected, then removes the database. */
  drop(): Promise<void>;
}

async function asAdmin(statement: string): Promise<void> {
  const sql = postgres(inject("millraceAdminUrl"), { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

function databaseAt(name: string): TestDatabase {
  const url = new URL(inject("millraceAdminUrl"));
  url.pathname = `/${name}`;
  return { url: url.toString(), name, drop: () => asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** A database of its own, cloned from the migrated template: about 30 ms. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${inject("millraceTemplate")}`);
  return databaseAt(name);
}

/** A database without tables, for testing the migrations themselves. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await asAdmin(`CREATE DATABASE ${name} TEMPLATE template0`);
  return databaseAt(name);
}
