import { askRedis } from "@millrace/embedded";
import postgres from "postgres";
import { expect, test } from "vitest";
import { missing } from "./missing.ts";
import { ownPostgres } from "./own-postgres.ts";
import { ownRedis } from "./own-redis.ts";
import { redisProblem } from "./test-redis.ts";

test.skipIf(missing("redis", redisProblem()))("a Redis of one's own survives kill -9, but not FLUSHALL", async () => {
  const redis = await ownRedis();
  try {
    const url = redis.url();
    await askRedis(url, [["SET", "a", "1"]]);
    await redis.kill();
    await expect(askRedis(url, [["PING"]])).rejects.toThrow(/ECONN/);
    await redis.restart();
    expect(redis.url()).toBe(url);
    expect(await askRedis(url, [["GET", "a"]])).toEqual(["1"]);
    await redis.flushAll();
    expect(await askRedis(url, [["DBSIZE"]])).toEqual([0]);
  } finally {
    await redis.remove();
  }
});

test("a Postgres of one's own keeps what it committed through kill -9", async () => {
  const store = await ownPostgres();
  const sql = postgres(store.url(), { max: 1, onnotice: () => {} });
  try {
    await sql`CREATE TABLE kept AS SELECT 1 AS one`;
    await store.kill();
    await expect(sql`SELECT 1`).rejects.toThrow();
    await store.restart();
    expect(await sql`SELECT one FROM kept`).toEqual([{ one: 1 }]);
  } finally {
    await sql.end({ timeout: 1 });
    await store.remove();
  }
});
