import { type ChildProcess, fork } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openSigningKey, signRequest } from "@millrace/client";
import { connectDatabase, createKeyStore } from "@millrace/db";
import { createTestDatabase, type TestDatabase, type TestRedis, testRedis, until } from "@millrace/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

let database: TestDatabase;
let redis: TestRedis;
let folder: string;
let key: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  database = await createTestDatabase();
  redis = testRedis();
  folder = await mkdtemp(join(tmpdir(), "millrace-api-main-"));
  const db = connectDatabase({ url: database.url, maxConnections: 1, applicationName: "test" });
  const keys = createKeyStore(db);
  const owner = await keys.createOwner({ name: "main" });
  key = (await keys.createApiKey({ ownerId: owner.id, name: "main" })).key;
  await db.close();
});
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
});
afterAll(async () => {
  await Promise.all([database.drop(), redis.flush(), rm(folder, { recursive: true, force: true })]);
});

interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  output(): string;
}

function start(over: Record<string, string | undefined> = {}): Program {
  const env = {
    ...process.env,
    NODE_OPTIONS: "",
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    QUEUE_PREFIX: redis.prefix,
    BLOB_URL: `file://${folder}`,
    PORT: "0",
    // the databases of tests give up durability for speed
    ALLOW_UNFIT: "true",
    ...over,
  };
  const child = fork(MAIN, [], {
    env,
    execArgv: ["--conditions=millrace-source", "--import", "tsx"],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  running.add(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  // not "close", which Node does not emit after a disconnect; but the output has to be there
  const ended = Promise.all([
    once(child, "exit"),
    ...[child.stdout, child.stderr].map((s) => s && once(s, "close")),
  ]).then(([[code]]) => {
    running.delete(child);
    return code as number | null;
  });
  return { child, ended, output: () => text };
}

async function startReady(over?: Record<string, string | undefined>): Promise<Program & { readonly url: string }> {
  const program = start(over);
  const failed = program.ended.then((code) => Promise.reject(new Error(`ended with ${code}:\n${program.output()}`)));
  const [message] = (await Promise.race([once(program.child, "message"), failed])) as [{ kind: string; port: number }];
  failed.catch(() => {});
  expect(message).toEqual({ kind: "ready", port: expect.any(Number) });
  return { ...program, url: `http://127.0.0.1:${message.port}` };
}

// a process of its own compiles what it imports, which takes its time on a busy machine
describe("the api process", { timeout: 120_000 }, () => {
  it("says which settings are wrong, a line each, and does not start", async () => {
    const program = start({ DATABASE_URL: "nonsense", PORT: "seventy", BLOB_URL: undefined });
    expect(await program.ended).toBe(1);
    for (const name of ["DATABASE_URL", "PORT", "BLOB_URL"]) expect(program.output()).toContain(name);
    expect(program.output()).not.toContain("at main");
  });

  it("takes requests signed with an authorized key, and reads the keys again on SIGHUP (A2.7)", async () => {
    const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" });
    const signingKey = openSigningKey(pem.toString());
    const AUTHORIZED_KEYS = join(folder, "authorized_keys");
    await writeFile(AUTHORIZED_KEYS, `owner="main" ${signingKey.publicLine}`);
    const program = await startReady({ AUTHORIZED_KEYS });
    const url = `${program.url}/api/v1/jobs`;
    const ask = async () => (await fetch(url, { headers: signRequest({ method: "GET", url }, signingKey) })).status;
    expect(await ask()).toBe(200);
    await writeFile(AUTHORIZED_KEYS, "");
    program.child.kill("SIGHUP");
    await until(async () => (await ask()) === 401);
    program.child.kill("SIGTERM");
    expect(await program.ended).toBe(0);

    await writeFile(AUTHORIZED_KEYS, `owner="main",shell ${signingKey.publicLine}`);
    const wrong = start({ AUTHORIZED_KEYS });
    expect(await wrong.ended).toBe(1);
    expect(wrong.output()).toContain("authorized_keys:1 has the unknown option shell");
    const noOrigin = start({ PUBLIC_URL: "https://millrace.example/api" });
    expect(await noOrigin.ended).toBe(1);
    expect(noOrigin.output()).toContain("PUBLIC_URL");
  });

  it("accepts work, logs no secret, and ends in order on SIGTERM (A-Q19: app_version)", async () => {
    const program = await startReady({ PIPELINE_MODULES: "bench/pipelines/noop.mjs" });
    const answer = await fetch(`${program.url}/api/v1/jobs`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ pipeline: "noop", input: { key: "a" } }),
    });
    expect(answer.status).toBe(202);
    const health = (await (await fetch(`${program.url}/health`)).json()) as { app_version: string };
    expect(health.app_version).toMatch(/^\d+\.\d+\.\d+$/);
    program.child.kill("SIGTERM");
    expect(await program.ended).toBe(0);
    expect(program.output()).toContain('"msg":"api ready"');
    expect(program.output()).toContain('"DATABASE_URL":"present"');
    expect(program.output()).not.toContain(key);
    expect(program.output()).not.toContain(new URL(database.url).password || database.url);
  });

  it("refuses to start on stores that would lose work and lists why; overridden, it starts and says so", async () => {
    // the databases of tests give up durability for speed
    const refused = start({ ALLOW_UNFIT: "false" });
    expect(await refused.ended).toBe(1);
    expect(refused.output()).toContain("Not started, because accepted work could be lost or never run:");
    expect(refused.output()).toMatch(/^- postgres_durability: .*fsync.* → .*/m);
    const overridden = await startReady({ ALLOW_UNFIT: "true" });
    expect(overridden.output()).toMatch(/"level":50.*"check":"postgres_durability".*"msg":"running although: /);
  });

  it("starts without stores: they may come later", async () => {
    const program = await startReady({
      ALLOW_UNFIT: "false",
      DATABASE_URL: "postgres://u:p@127.0.0.1:1/x",
      REDIS_URL: "redis://127.0.0.1:1",
    });
    expect(program.output()).toContain("postgres could not be checked");
    expect(program.output()).toContain("queue could not be checked");
  });

  it("ends when the launcher that started it is gone", async () => {
    const program = await startReady();
    program.child.disconnect();
    expect(await program.ended).toBe(0);
  });
});
