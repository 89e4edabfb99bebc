import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EmbeddedStore } from "./embedded-store.ts";
import { keptPostgresUrl } from "./kept-address.ts";
import { isAlive, waitForExit } from "./live-process.ts";
import { startPostgres } from "./start-postgres.ts";

let folder: string;
let store: EmbeddedStore;

const start = async (): Promise<EmbeddedStore> => {
  store = await startPostgres({ dataDir: folder });
  return store;
};

async function query<T>(run: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(store.url, { max: 1, onnotice: () => {} });
  try {
    return await run(sql);
  } finally {
    await sql.end();
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-embedded-"));
  await chmod(folder, 0o755);
  await start();
});
afterAll(async () => {
  await store.stop();
  await rm(folder, { recursive: true, force: true });
});

test("its address is kept where a look that starts nothing finds it", async () => {
  expect(await keptPostgresUrl(folder)).toBe(store.url);
  expect(await keptPostgresUrl(join(folder, "nowhere"))).toBeUndefined();
});

test("is durable, UTF-8 with a C.UTF-8 locale, on loopback only, and asks for a password", async () => {
  const settings = await query(async (sql) => {
    const rows = await sql<{ name: string; setting: string }[]>`SELECT name, setting FROM pg_settings`;
    return new Map(rows.map(({ name, setting }) => [name, setting]));
  });
  const wanted = { fsync: "on", synchronous_commit: "on", listen_addresses: "127.0.0.1", max_connections: "200" };
  expect(Object.fromEntries(Object.keys(wanted).map((name) => [name, settings.get(name)]))).toEqual(wanted);
  expect(settings.get("unix_socket_directories")).toBe("");
  // in pages of 8 KiB: 128 to 512 MB, as the machine has memory
  expect(Number(settings.get("shared_buffers"))).toBe(
    Math.round(Math.min(512, Math.max(128, totalmem() / 8 / 1_048_576))) * 128,
  );
  const [database] = await query(
    (sql) => sql`SELECT datlocprovider, datlocale, encoding FROM pg_database WHERE datname = 'millrace'`,
  );
  expect(database).toEqual({ datlocprovider: "b", datlocale: "C.UTF-8", encoding: 6 });
  const stranger = postgres(store.url.replace(/:[^:@]+@/, ":wrong@"), { max: 1 });
  await expect(stranger`SELECT 1`).rejects.toThrow(/password authentication failed/);
  await stranger.end();
  expect((await stat(join(folder, "password"))).mode & 0o777).toBe(0o600);
});

test("a second start takes over the running server; after a stop the data and the port are the same", async () => {
  await query((sql) => sql`CREATE TABLE yesterday AS SELECT 42 AS answer`);
  const { pid, url } = store;
  await start();
  expect([store.adopted, store.pid, store.url]).toEqual([true, pid, url]);
  await store.stop();
  expect(await isAlive(pid)).toBe(false);
  await start();
  expect([store.adopted, store.url]).toEqual([false, url]);
  expect(await query((sql) => sql`SELECT answer FROM yesterday`)).toEqual([{ answer: 42 }]);
});

test("recovers from kill -9 with every committed row", async () => {
  await query((sql) => sql`CREATE TABLE kept AS SELECT 1 AS one`);
  const killed = store.pid;
  process.kill(killed, "SIGKILL");
  await waitForExit(killed, 5_000);
  await start();
  expect([store.adopted, store.pid === killed]).toEqual([false, false]);
  expect(await query((sql) => sql`SELECT one FROM kept`)).toEqual([{ one: 1 }]);
});

test("a lock file that names some other living program is not taken for a running server", async () => {
  const lock = join(folder, "cluster", "postmaster.pid");
  const lines = (await readFile(lock, "utf8")).split("\n");
  await store.stop();
  await writeFile(lock, [String(process.pid), ...lines.slice(1)].join("\n"));
  await start();
  expect(store.adopted).toBe(false);
  expect(await query((sql) => sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
});

test("refuses data of another major version, and says what to do", async () => {
  await store.stop();
  const versionFile = join(folder, "cluster", "PG_VERSION");
  const version = await readFile(versionFile, "utf8");
  await writeFile(versionFile, "12\n");
  await expect(start()).rejects.toThrow(/written by Postgres 12; this is Postgres 18/);
  await writeFile(versionFile, version);
  await start();
});
