import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createTestDatabase, testRedis, until } from "@millrace/testing";
import { afterEach, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const started: ChildProcess[] = [];

/** The dashboard as a process of its own. */
function start(env: Record<string, string>): { readonly child: ChildProcess; readonly output: string[] } {
  const child = fork(MAIN, [], {
    execArgv: ["--conditions=millrace-source", "--import", "tsx"],
    // the databases of tests give up durability for speed
    env: { PATH: process.env["PATH"], PORT: "0", ALLOW_UNFIT: "true", ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (bytes) => output.push(String(bytes)));
  started.push(child);
  return { child, output };
}

afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

test("starts, says its port, logs no secret, and ends when its launcher is gone", async () => {
  const database = await createTestDatabase();
  const { url, prefix } = testRedis();
  const { child, output } = start({
    DATABASE_URL: database.url,
    REDIS_URL: url,
    QUEUE_PREFIX: prefix,
    DASHBOARD_PASSWORD: "not-to-be-logged",
  });
  const [ready] = (await once(child, "message")) as [{ kind: string; port: number }];
  expect(ready.kind).toBe("ready");
  const health = await fetch(`http://127.0.0.1:${ready.port}/ready`);
  expect(await health.json()).toEqual({ status: "ok", checks: { postgres: "ok", queue: "ok" } });
  const exit = once(child, "exit");
  child.disconnect();
  expect(await exit).toEqual([0, null]);
  expect(output.join("")).not.toContain("not-to-be-logged");
  expect(output.join("")).toContain('"DASHBOARD_PASSWORD":"present"');
  await database.drop();
});

test("wrong settings end it at once, with a line for each", async () => {
  const { child, output } = start({ DASHBOARD_PASSWORD: "short", PORT: "many" });
  expect(await once(child, "exit")).toEqual([1, null]);
  for (const name of ["DATABASE_URL", "DASHBOARD_PASSWORD", "PORT"]) expect(output.join("")).toContain(name);
});

test("a weak password is refused in production, and said without showing it", { timeout: 120_000 }, async () => {
  const database = await createTestDatabase();
  const { url, prefix } = testRedis();
  const stores = { DATABASE_URL: database.url, REDIS_URL: url, QUEUE_PREFIX: prefix };
  const { child, output } = start({
    ...stores,
    DASHBOARD_PASSWORD: "changeme",
    NODE_ENV: "production",
    ALLOW_UNFIT: "false",
  });
  expect(await once(child, "exit")).toEqual([1, null]);
  await until(() => /^- secret_dashboard_password: .* → .*openssl/m.test(output.join("")));
  expect(output.join("")).not.toContain("changeme");
  await database.drop();
});
