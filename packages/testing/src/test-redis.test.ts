import { askRedis } from "@millrace/embedded";
import { describe, expect, test } from "vitest";
import { missing } from "./missing.ts";
import { redisProblem, testRedis } from "./test-redis.ts";

describe.skipIf(missing("redis", redisProblem()))("the run's Redis", () => {
  test("flush removes a prefix's keys and no others", async () => {
    const [one, two] = [testRedis(), testRedis()];
    expect(one.prefix).not.toBe(two.prefix);
    const commands = Array.from({ length: 2_500 }, (_, index) => ["SET", `${one.prefix}:${index}`, "x"]);
    await askRedis(one.url, [...commands, ["SET", `${two.prefix}:kept`, "x"]]);
    await one.flush();
    const [own, other] = await askRedis(one.url, [
      ["EXISTS", `${one.prefix}:0`, `${one.prefix}:2499`],
      ["EXISTS", `${two.prefix}:kept`],
    ]);
    expect([own, other]).toEqual([0, 1]);
    await two.flush();
  });
});
