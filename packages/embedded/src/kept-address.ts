import { join } from "node:path";
import { DATABASE } from "./postgres-cluster.ts";
import { readIfThere } from "./private-file.ts";

/** Where the private Postgres of this folder was last started; undefined before the first start. Starts nothing. */
export async function keptPostgresUrl(dataDir: string): Promise<string | undefined> {
  const kept = await readKept(dataDir);
  return kept && `postgres://${DATABASE}:${kept.password}@127.0.0.1:${kept.port}/${DATABASE}`;
}

/** Where the private Redis of this folder was last started; undefined before the first start. Starts nothing. */
export async function keptRedisUrl(dataDir: string): Promise<string | undefined> {
  const kept = await readKept(dataDir);
  return kept && `redis://:${kept.password}@127.0.0.1:${kept.port}`;
}

async function readKept(dataDir: string): Promise<{ readonly port: number; readonly password: string } | undefined> {
  const password = (await readIfThere(join(dataDir, "password")))?.trim();
  const port = Number(await readIfThere(join(dataDir, "port")));
  return password && port > 0 ? { port, password } : undefined;
}
