import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { connectDatabase, createKeyStore, migrate, newId } from "@millrace/db";
import postgres from "postgres";
import { createMember, endMember, type Member, requireBuild } from "./members.ts";
import { APIS, WORKERS } from "./plan-faults.ts";
import type { Random } from "./random.ts";
import { ROOT } from "./root.ts";
import type { Sink } from "./sink.ts";
import { type Stores, startStores } from "./stores.ts";
import type { Timeline } from "./timeline.ts";

/** The lane that is paused and limited during the run, and must still be at the end. */
export const LIMITED_LANE = { lane: "media", concurrency: 2 } as const;

export const PREFIX = "{millrace}";

/** Leases and locks of a few seconds: a run of a minute sees many of them run out. */
const FAST = { LEASE_MS: "4000", QUEUE_LOCK_MS: "4000", QUEUE_STALLED_MS: "1000" } as const;
const MAX_CRASHES = 3;

const LANES: Readonly<Record<string, string>> = { w1: "io:20,cpu:2", w2: "io:20,cpu:2,media:4" };
const lanesOf = (worker: string): string => LANES[worker] ?? (/[24]$/.test(worker) ? LANES["w2"]! : LANES["w1"]!);

export interface DeploymentOptions {
  readonly folder: string;
  readonly sink: Sink;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly execArgv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Leases and locks; those of a few seconds unless told. */
  readonly timings?: Readonly<Record<string, string>>;
  readonly workers?: readonly string[];
  readonly apis?: readonly string[];
  /** Runs after the migration and before the first process. */
  readonly prepare?: (sql: postgres.Sql) => Promise<void>;
  readonly say: (text: string) => void;
}

export interface Deployment {
  readonly folder: string;
  readonly stores: Stores;
  readonly sql: postgres.Sql;
  readonly apiKey: string;
  readonly ownerId: string;
  readonly stageLog: string;
  readonly maxCrashes: number;
  readonly members: Map<string, Member>;
  member(name: string): Member;
  /** Starts a process that was not there before. */
  add(name: string, role: Member["role"], env: Readonly<Record<string, string>>): Promise<Member>;
  /** Base URLs of the APIs that are up. */
  apiBases(): string[];
  /** The worker that holds the leader's lease row; undefined while nobody does. */
  leader(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Real programs on a Postgres and a Redis of their own, each behind a proxy to each store. */
export async function startDeployment(options: DeploymentOptions): Promise<Deployment> {
  const { folder, timeline, say } = options;
  requireBuild();
  for (const name of ["logs", "blobs", "spool"]) mkdirSync(join(folder, name), { recursive: true });
  const stores = await startStores(folder);
  const sql = postgres(stores.postgres.url, { max: 3, onnotice: () => {}, connect_timeout: 5, idle_timeout: 5 });
  const members = new Map<string, Member>();
  const close = async (): Promise<void> => {
    await Promise.allSettled([...members.values()].map(endMember));
    await sql.end({ timeout: 2 }).catch(() => {});
    await stores.stop();
  };
  try {
    const { ownerId, apiKey } = await prepareDatabase(stores, sql, options.sink);
    await options.prepare?.(sql);
    const stageLog = join(folder, "stages.jsonl");
    const env = {
      QUEUE_PREFIX: PREFIX,
      BLOB_URL: `file://${join(folder, "blobs")}`,
      SPOOL_DIR: join(folder, "spool"),
      PIPELINE_MODULES: join(ROOT, "e2e/chaos/pipelines.mjs"),
      CHAOS_LOG: stageLog,
      ALLOW_LOOPBACK: "true",
      RATE_LIMIT_PER_MINUTE: "0",
      PORT: "0",
      MAX_CRASHES: String(MAX_CRASHES),
      LOG_LEVEL: "info",
      ...(options.timings ?? FAST),
      ...options.env,
    };
    const add = async (name: string, role: Member["role"], own: Readonly<Record<string, string>>): Promise<Member> => {
      const lanes = role === "worker" ? { LANES: lanesOf(name) } : {};
      const member = await createMember(
        { name, role, env: { ...lanes, ...own } },
        {
          folder,
          stores,
          timeline,
          env,
          execArgv: options.execArgv,
          restartDelay: () => options.random.between(1_000, 3_000),
          say,
        },
      );
      members.set(name, member);
      await member.start();
      return member;
    };
    const first = { CHAOS_MAJORS: "1" };
    await Promise.all([
      ...(options.apis ?? APIS).map((name) => add(name, "api", first)),
      ...(options.workers ?? WORKERS).map((name) => add(name, "worker", first)),
    ]);
    for (const member of members.values()) {
      if (!member.isReady()) throw new Error(`${member.name} did not start; its output is in ${folder}/logs`);
    }
    return {
      folder,
      stores,
      sql,
      apiKey,
      ownerId,
      stageLog,
      maxCrashes: MAX_CRASHES,
      members,
      member(name) {
        const found = members.get(name);
        if (found === undefined) throw new Error(`there is no ${name}`);
        return found;
      },
      add,
      apiBases: () =>
        [...members.values()]
          .filter((member) => member.role === "api" && member.port() !== undefined)
          .map((member) => `http://127.0.0.1:${member.port()}/api/v1`),
      async leader() {
        const [row] = await sql<{ holder: string }[]>`
          SELECT holder FROM leases WHERE name = 'leader' AND expires_at > now()`;
        return row?.holder;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function prepareDatabase(stores: Stores, sql: postgres.Sql, sink: Sink) {
  await migrate(stores.postgres.url);
  const db = connectDatabase({ url: stores.postgres.url, maxConnections: 2, applicationName: "chaos" });
  const keys = createKeyStore(db);
  const owner = await keys.createOwner({ name: "chaos" });
  const { key } = await keys.createApiKey({ ownerId: owner.id, name: "chaos" });
  await db.close();
  const secret = `whsec_${Buffer.from("the sink believes whatever comes in").toString("base64")}`;
  await sql`INSERT INTO callback_endpoints (id, owner_id, url, secret) VALUES (${newId()}, ${owner.id}, ${sink.url}, ${secret})`;
  await sql`
    INSERT INTO queue_settings (lane, is_paused, concurrency) VALUES (${LIMITED_LANE.lane}, true, ${LIMITED_LANE.concurrency})
    ON CONFLICT (lane) DO UPDATE SET is_paused = true, concurrency = excluded.concurrency`;
  return { ownerId: owner.id, apiKey: key };
}
