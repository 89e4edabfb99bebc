import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectDatabase, createKeyStore } from "@millrace/db";
import { createTestDatabase, testRedis, until } from "@millrace/testing";
import postgres from "postgres";

const ROOT = new URL("../..", import.meta.url).pathname;
const BUILT = ["apps/api/dist/main.js", "apps/worker/dist/main.js"];

export interface Member {
  readonly child: ChildProcess;
  readonly name: string;
  readonly port: number;
  readonly output: string[];
}

/** The real thing as processes of their own: the built API and workers on a real Postgres and Redis. */
export async function startCluster(options: { readonly env?: Record<string, string> } = {}) {
  for (const file of BUILT)
    if (!existsSync(join(ROOT, file))) throw new Error(`${file} is missing: run npm run build (npm test does)`);
  const folder = mkdtempSync(join(tmpdir(), "millrace-e2e-"));
  const database = await createTestDatabase();
  const redis = testRedis();
  const db = connectDatabase({ url: database.url, maxConnections: 2, applicationName: "e2e" });
  const sql = postgres(database.url, { max: 2, onnotice: () => {} });
  const keys = createKeyStore(db);
  const owner = await keys.createOwner({ name: "e2e" });
  const { key } = await keys.createApiKey({ ownerId: owner.id, name: "e2e" });
  const starts = join(folder, "stage-starts.log");
  const members: Member[] = [];
  const env = {
    ...process.env,
    NODE_OPTIONS: "",
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    QUEUE_PREFIX: redis.prefix,
    BLOB_URL: `file://${join(folder, "blobs")}`,
    PIPELINE_MODULES: join(ROOT, "e2e/processes/pipelines.mjs"),
    WORK_DIR: join(folder, "work"),
    E2E_FOLDER: folder,
    PORT: "0",
    // the databases of tests give up durability for speed
    ALLOW_UNFIT: "true",
    ALLOW_LOOPBACK: "true",
    RATE_LIMIT_PER_MINUTE: "0",
    LOG_LEVEL: "info",
    ...options.env,
  };

  const start = async (file: string, name: string, more: Record<string, string> = {}): Promise<Member> => {
    const child = fork(join(ROOT, file), [], {
      cwd: ROOT,
      env: { ...env, ...more },
      // the built packages, not the sources that the tests resolve to
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => output.push(chunk.toString()));
    const ready = once(child, "message") as Promise<[{ port: number }]>;
    const died = once(child, "exit").then(([code]) =>
      Promise.reject(new Error(`${name} ended with ${code}:\n${output.join("")}`)),
    );
    const [message] = await Promise.race([ready, died]);
    died.catch(() => {});
    const member = { child, name, port: message.port, output };
    members.push(member);
    return member;
  };
  const api = await start("apps/api/dist/main.js", "api");
  const base = `http://127.0.0.1:${api.port}/api/v1`;

  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const isForm = body instanceof FormData;
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && !isForm && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field by the tests
    return { status: response.status, headers: response.headers, body: (await response.json()) as any };
  };

  return {
    api,
    base,
    key,
    owner,
    folder,
    databaseUrl: database.url,
    redis,
    sql,
    call,
    startWorker: (name: string, more: Record<string, string> = {}) =>
      start("apps/worker/dist/main.js", name, { WORKER_NAME: name, ...more }),
    /** Ends a process at once, as a crash does. */
    async kill(member: Member): Promise<void> {
      const ended = once(member.child, "exit");
      member.child.kill("SIGKILL");
      await ended;
    },
    /** Ends a process as an operator does; its exit code. */
    async terminate(member: Member): Promise<number> {
      const ended = once(member.child, "exit");
      member.child.kill("SIGTERM");
      const [code] = await ended;
      return code as number;
    },
    /** What all processes have written so far. */
    output: (): string => members.map((member) => member.output.join("")).join("\n"),
    /** Every start of a stage so far: `pipeline key stage pid`. */
    stageStarts: (): string[] => (existsSync(starts) ? readFileSync(starts, "utf8").trim().split("\n") : []),
    async reaches(jobId: string, ...statuses: string[]) {
      return until(
        async () => {
          const { body } = await call("GET", `/jobs/${jobId}?verbose=true`);
          return statuses.includes(body.status) ? body : undefined;
        },
        {
          timeoutMs: 90_000,
          everyMs: 50,
          message: () =>
            `job ${jobId} to be ${statuses.join(" or ")}\n${members.map((m) => m.output.join("").slice(-1_500)).join("\n")}`,
        },
      );
    },
    async close(): Promise<void> {
      await Promise.all(
        members.map(async ({ child }) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const ended = once(child, "exit");
          child.kill("SIGTERM");
          const timer = setTimeout(() => child.kill("SIGKILL"), 8_000);
          await ended;
          clearTimeout(timer);
        }),
      );
      await db.close();
      await sql.end({ timeout: 2 });
      await redis.flush();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type Cluster = Awaited<ReturnType<typeof startCluster>>;
