import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type postgres from "postgres";
import { ROOT } from "./root.ts";

/** One piece of the protocol, and how to take it out. */
export interface Guard {
  /** A text in a built file, replaced as the processes load them. */
  readonly code?: { readonly file: string; readonly find: string; readonly replace: string };
  /** What has to go from the database. */
  readonly prepare?: (sql: postgres.Sql) => Promise<void>;
}

export const GUARDS = {
  fence: {
    code: {
      file: "packages/db/dist/statements/settle.js",
      find: "and j.fence = g.fence and j.status = 'processing' and j.lease_until is not null",
      replace: "and j.status = 'processing' and j.lease_until is not null",
    },
  },
  spool: {
    code: {
      file: "packages/engine/dist/result-spool.js",
      find: "await place.put(result);",
      replace: "",
    },
  },
  reconciler: {
    code: {
      file: "packages/engine/dist/reconciler.js",
      find: "const lost = due.filter((d, i) => isLost(d, states[i], now.getTime()));",
      replace: "const lost = [];",
    },
  },
  unique_index: {
    code: {
      file: "packages/db/dist/statements/submit.js",
      find: "on conflict (owner_id, resource_key) where status in ('pending', 'processing')",
      replace: "on conflict (id)",
    },
    prepare: async (sql) => {
      await sql`DROP INDEX uq_pipeline_jobs_owner_id_resource_key_active`;
    },
  },
  incarnation: {
    code: {
      file: "packages/engine/dist/queue-memory.js",
      find: "name = await queue.incarnation();",
      replace: 'await queue.incarnation(); name = "always the same";',
    },
  },
  reservations: {
    prepare: async (sql) => {
      await sql`DROP TRIGGER tr_pipeline_jobs_units_settled ON pipeline_jobs`;
    },
  },
} as const satisfies Record<string, Guard>;

export type GuardName = keyof typeof GUARDS;
export const GUARD_NAMES = Object.keys(GUARDS) as GuardName[];

/**
 * Node flags and settings that make a process run without the guard. Throws unless its text is in the built file exactly
 * once: a removal that removes nothing would prove nothing.
 */
export function withoutGuard(name: GuardName): { readonly execArgv: string[]; readonly env: Record<string, string> } {
  const { code }: Guard = GUARDS[name];
  if (code === undefined) return { execArgv: [], env: {} };
  const { file, find, replace } = code;
  const path = join(ROOT, file);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const found = text.split(find).length - 1;
  if (found !== 1) throw new Error(`cannot take out ${name}: its text is ${found} times in ${file}, not once`);
  return {
    execArgv: ["--import", pathToFileURL(join(ROOT, "e2e/chaos/take-out.mjs")).href],
    env: { CHAOS_TAKE_OUT: JSON.stringify({ url: pathToFileURL(path).href, find, replace }) },
  };
}
