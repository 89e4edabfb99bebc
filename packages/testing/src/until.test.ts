import { expect, test } from "vitest";
import { until } from "./until.ts";

test("returns the first truthy answer", async () => {
  let asked = 0;
  expect(await until(() => (asked++ < 3 ? undefined : "there"), { everyMs: 1 })).toBe("there");
  expect(asked).toBe(4);
});

test("an error is not yet an answer, and becomes the cause of the failure", async () => {
  const broken = new Error("not up");
  const failure = until(() => Promise.reject(broken), { timeoutMs: 20, everyMs: 1, message: "the server" });
  await expect(failure).rejects.toMatchObject({ message: "Waited 20 ms in vain for the server", cause: broken });
});
