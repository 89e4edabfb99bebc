// Picks a second of the dispatch statement, and what counting turns costs submits and settles:
// `npm run bench:fair-dispatch [-- --picks 20000 --rounds 3 --only picks|overhead]`. Needs nothing but this repository.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { complete, type JobStore, type NewJob } from "@millrace/core";
import { connectDatabase, createJobStore, migrate, newId } from "@millrace/db";
import { startPostgres } from "@millrace/embedded";
import postgres from "postgres";

const { values } = parseArgs({
  options: {
    picks: { type: "string", default: "20000" },
    jobs: { type: "string", default: "20000" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "both" },
  },
});
const picks = Number(values.picks);
const jobs = Number(values.jobs);
const rounds = Number(values.rounds);

const AT_A_TIME = 500;
const BACKLOG = 200_000;
const OWNER = newId();

const TRIGGERS = ["tr_pipeline_jobs_turns_changed", "tr_pipeline_jobs_turns_inserted"];
const CAP_INDEX = "ix_pipeline_jobs_channel_in_flight";

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

async function rateOf(amount: number, work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return amount / ((performance.now() - began) / 1_000);
}

async function empty(sql: postgres.Sql): Promise<void> {
  await sql`truncate pipeline_jobs cascade`;
  await sql`truncate job_events, job_stages, channel_turns, channels cascade`;
}

type Load = "plain" | "shares" | "quota";

/** A backlog spread over the channels: plain, all of them capped and weighted, or all jobs taking of ten quotas. */
async function fillBacklog(sql: postgres.Sql, channels: number, load: Load): Promise<void> {
  await empty(sql);
  await sql`create temp table if not exists bench_channels (n int, id uuid)`;
  await sql`truncate bench_channels`;
  await sql`insert into bench_channels select n, gen_random_uuid() from generate_series(0, ${channels - 1}) n`;
  if (load === "shares") {
    await sql`insert into channels (id, weight, max_in_flight) select id, 1 + n % 5, 1000000 from bench_channels`;
  }
  await sql`
    insert into pipeline_jobs (id, owner_id, pipeline, pipeline_version, resource_key, channel_id, lane, stage,
      stage_count, max_retries, input, waiting_for, quota_service, quota_pool, quota_units)
    select ('01900000-0000-7000-8000-' || lpad(to_hex(j), 12, '0'))::uuid, ${OWNER}, 'noop', '1.0.0', 'cid:' || j, c.id, 'io', 'one', 1, 3, '{"n": 1}', 'turn',
      q.service, case when q.service is not null then 'pool' || j % 10 end, case when q.service is not null then 1 end
    from generate_series(1, ${BACKLOG}) j join bench_channels c on c.n = j % ${channels}::int
    cross join (select nullif(${load === "quota" ? "bench" : ""}::text, '') as service) q`;
  await sql`vacuum analyze pipeline_jobs`;
  await sql`vacuum analyze channel_turns`;
  await sql`analyze channels`;
}

/** Dispatches; the first statements, whose plans are new, are not counted. */
async function picksPerSecond(store: JobStore): Promise<{ rate: number; slowestMs: number }> {
  for (let i = 0; i < 4; i++) await store.dispatch("io", AT_A_TIME);
  let slowestMs = 0;
  const rate = await rateOf(picks, async () => {
    for (let given = 0; given < picks; ) {
      const began = performance.now();
      const tickets = await store.dispatch("io", AT_A_TIME);
      slowestMs = Math.max(slowestMs, performance.now() - began);
      if (tickets.length === 0) throw new Error("the backlog is empty");
      given += tickets.length;
    }
  });
  return { rate, slowestMs };
}

const ABOUT = { plain: "", shares: ", all weighted and capped", quota: ", all of a quota" } as const;

async function measurePicks(sql: postgres.Sql, store: JobStore): Promise<void> {
  console.log(`${BACKLOG} jobs in the backlog, ${AT_A_TIME} in one statement, ${picks} measured`);
  for (const channels of [1, 100, 10_000]) {
    for (const load of ["plain", "shares", "quota"] as const) {
      await fillBacklog(sql, channels, load);
      const { rate, slowestMs } = await picksPerSecond(store);
      const about = `${channels} channels${ABOUT[load]}`;
      console.log(`${about.padEnd(42)} ${Math.round(rate)} picks/s, slowest statement ${slowestMs.toFixed(0)} ms`);
    }
  }
}

function newJob(isDispatched: boolean): NewJob {
  return {
    id: newId(),
    ownerId: OWNER,
    pipeline: "noop",
    pipelineVersion: "1.0.0",
    resourceKey: `cid:${newId()}`,
    stage: "one",
    lane: "io",
    stageIndex: 0,
    stageCount: 1,
    priority: "normal",
    channelId: OWNER,
    dataTier: "compact",
    maxRetries: 3,
    input: { n: 1 },
    metadata: {},
    idempotencyKey: null,
    traceparent: null,
    isDispatched,
    content: null,
  };
}

/** Like a busy process: a hundred at a time. */
async function inParallel<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      while (next < items.length) await act(items[next++]!);
    }),
  );
}

async function runJobs(store: JobStore): Promise<{ submits: number; settles: number; backlog: number }> {
  const direct = Array.from({ length: jobs }, () => newJob(true));
  const submits = await rateOf(jobs, () => inParallel(direct, (job) => store.submit(job)));
  const holder = { worker: "bench", leaseMs: 60_000 };
  const settles = await rateOf(jobs, () =>
    inParallel(direct, async ({ id, stage }) => {
      const answer = await store.claim({ jobId: id, dispatchNo: 1 }, holder);
      if (answer.kind !== "claimed") throw new Error(`a claim got ${answer.kind}`);
      const settlement = complete({ output: { ok: true }, warnings: [] });
      await store.settle({ jobId: id, stage, fence: answer.job.fence, settlement }, holder);
    }),
  );
  const waiting = Array.from({ length: jobs }, () => newJob(false));
  const backlog = await rateOf(jobs, () => inParallel(waiting, (job) => store.submit(job)));
  return { submits, settles, backlog };
}

async function measureOverhead(sql: postgres.Sql, store: JobStore): Promise<void> {
  const [definition] = await sql<
    { indexdef: string }[]
  >`select indexdef from pg_indexes where indexname = ${CAP_INDEX}`;
  const found = {
    with: [] as Awaited<ReturnType<typeof runJobs>>[],
    without: [] as Awaited<ReturnType<typeof runJobs>>[],
  };
  const run = async (kind: "with" | "without", isCounted: boolean): Promise<void> => {
    await empty(sql);
    for (const trigger of TRIGGERS)
      await sql.unsafe(`alter table pipeline_jobs ${kind === "with" ? "enable" : "disable"} trigger ${trigger}`);
    await sql.unsafe(`drop index if exists ${CAP_INDEX}`);
    if (kind === "with") await sql.unsafe(definition!.indexdef);
    const rates = await runJobs(store);
    if (isCounted) found[kind].push(rates);
  };
  await run("with", false);
  for (let i = 0; i < rounds; i++) for (const kind of ["without", "with"] as const) await run(kind, true);
  for (const [what, name] of [
    ["submits", "direct submits"],
    ["settles", "claims and settles"],
    ["backlog", "submits into the backlog"],
  ] as const) {
    const before = median(found.without.map((rates) => rates[what]));
    const after = median(found.with.map((rates) => rates[what]));
    console.log(
      `${name.padEnd(26)} ${Math.round(before)} → ${Math.round(after)} /s, ratio ${(after / before).toFixed(3)}`,
    );
  }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const server = await startPostgres({ dataDir: join(folder, "postgres") });
  const sql = postgres(server.url, { max: 1, onnotice: () => {} });
  const db = connectDatabase({ url: server.url, maxConnections: 4, applicationName: "bench", queryTimeoutMs: 60_000 });
  try {
    await migrate(server.url);
    await sql`insert into owners (id, name) values (${OWNER}, 'bench')`;
    const store = createJobStore(db);
    if (values.only !== "overhead") await measurePicks(sql, store);
    if (values.only !== "picks") await measureOverhead(sql, store);
  } finally {
    await db.close();
    await sql.end();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
