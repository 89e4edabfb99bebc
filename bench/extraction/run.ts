// Time and memory of each format: bare library, extractor and whole system beside each other in one run; then the drawing
// library as a batch whose worker is killed in the middle. `npm run bench:extraction [-- --files 12 --library 1272]`.
import { fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import type { FileFormat } from "@millrace/providers";
import { sampleFiles } from "@millrace/testing";
import { type Deployment, startDeployment } from "./deployment.ts";
import type { Measured, Reading } from "./measure-reading.ts";

const { values } = parseArgs({
  options: { files: { type: "string", default: "12" }, library: { type: "string", default: "1272" } },
});
const MOST = Number(values.files);

async function samples(): Promise<Readonly<Record<FileFormat, readonly string[]>>> {
  const { resolve } = createRequire(new URL("../../packages/providers/package.json", import.meta.url));
  const step = join(dirname(resolve("occt-import-js")), "../test/testfiles/cax-if");
  const steps = readdirSync(step, { recursive: true, encoding: "utf8" }).filter((name) => /\.stp$/i.test(name));
  const [bash, reportlab, library, models] = await Promise.all(
    (["bash-doc", "python-reportlab-doc", "librecad-data", "assimp-testmodels"] as const).map(sampleFiles),
  );
  const problem = [bash, reportlab, library, models].find((found) => found?.problem !== undefined)?.problem;
  if (problem !== undefined) throw new Error(`no samples: ${problem}`);
  return {
    pdf: [...(bash?.files("pdf") ?? []), ...(reportlab?.files("pdf") ?? [])].slice(0, MOST),
    // from all over the library
    dxf: (library?.files("dxf") ?? []).filter((_, i) => i % 10 === 0).slice(0, 10 * MOST),
    ifc: models?.files("ifc").slice(0, MOST) ?? [],
    step: steps
      .sort()
      .slice(0, MOST)
      .map((name) => join(step, name)),
  };
}

async function measure(reading: Reading): Promise<Measured> {
  const child = fork("bench/extraction/measure-reading.ts", [], {
    execArgv: ["--conditions=millrace-source", "--import", "tsx"],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`measuring ended with ${code}`)));
  child.send(reading);
  const [measured] = (await Promise.race([once(child, "message"), ended])) as [Measured];
  ended.catch(() => {});
  return measured;
}

function batch(paths: readonly string[]): FormData {
  const form = new FormData();
  for (const path of paths) form.append("files", new Blob([new Uint8Array(readFileSync(path))]), basename(path));
  return form;
}

interface BulkAnswer {
  readonly status: string;
  readonly files_completed: number;
  readonly files_failed: number;
}

async function untilOver(deployment: Deployment, id: string, everyMs = 200): Promise<BulkAnswer> {
  for (;;) {
    const bulk: BulkAnswer = await deployment.call("GET", `/extraction/bulk/${id}?limit=1`);
    if (["completed", "failed", "cancelled"].includes(bulk.status)) return bulk;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Seconds from the first file's start to the last one's end. */
async function spanOf(deployment: Deployment, id: string): Promise<number> {
  const [row] = await deployment.sql<{ s: number }[]>`
    select extract(epoch from max(completed_at) - min(started_at))::float8 as s from extraction_jobs where bulk_id = ${id}`;
  return row?.s ?? Number.NaN;
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(2);

async function compare(deployment: Deployment): Promise<void> {
  console.log(
    "format  files  bare s  extractor s  system s  extractor/bare  system/extractor  files/s  pages/s  peak MB  failed",
  );
  for (const [format, files] of Object.entries(await samples()) as [FileFormat, readonly string[]][]) {
    const bare = await measure({ format, by: "bare", files });
    const own = await measure({ format, by: "extractor", files });
    const { id } = await deployment.call("POST", "/extraction/bulk", batch(files));
    const bulk = await untilOver(deployment, id);
    const span = await spanOf(deployment, id);
    const cells = [
      format.padEnd(6),
      String(files.length).padStart(6),
      seconds(bare.ms).padStart(7),
      seconds(own.ms).padStart(12),
      span.toFixed(2).padStart(9),
      (own.ms / bare.ms).toFixed(2).padStart(15),
      ((span * 1_000) / own.ms).toFixed(2).padStart(17),
      (files.length / span).toFixed(1).padStart(8),
      (own.pages === 0 ? "" : (own.pages / (own.ms / 1_000)).toFixed(1)).padStart(8),
      `${Math.round(bare.peakMb)}/${Math.round(own.peakMb)}`.padStart(9),
      `${bare.failed}/${own.failed}/${bulk.files_failed}`.padStart(8),
    ];
    console.log(cells.join(" "));
  }
}

/** The library as batches of a thousand; the worker is killed when a third is done. */
async function killInTheMiddle(deployment: Deployment, worker: Awaited<ReturnType<Deployment["startWorker"]>>) {
  const all = (await sampleFiles("librecad-data")).files("dxf").slice(0, Number(values.library));
  const began = performance.now();
  const ids: string[] = [];
  for (let from = 0; from < all.length; from += 1_000) {
    const { id } = await deployment.call("POST", "/extraction/bulk", batch(all.slice(from, from + 1_000)));
    ids.push(id);
  }
  console.log(`\n${all.length} drawings uploaded and accepted in ${seconds(performance.now() - began)} s`);
  const { sql } = deployment;
  for (;;) {
    const [row] = await sql<{ n: number }[]>`
      select count(*)::int as n from extraction_jobs where bulk_id = any (${ids}) and status = 'completed'`;
    if ((row?.n ?? 0) * 3 >= all.length) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const killed = once(worker.process, "exit");
  worker.process.kill("SIGKILL");
  await killed;
  await deployment.startWorker();
  const ended = await Promise.all(ids.map((id) => untilOver(deployment, id)));
  const [repeated] = await sql<{ n: number }[]>`
    select count(*)::int as n from (
      select input ->> 'bulk_id', input ->> 'bulk_index' from pipeline_jobs j join job_stages s on s.job_id = j.id and s.stage = 'store'
      where input ->> 'bulk_id' = any (${ids}) group by 1, 2 having count(*) > 1) twice`;
  const [span] = await sql<{ s: number }[]>`
    select extract(epoch from max(completed_at) - min(started_at))::float8 as s from extraction_jobs where bulk_id = any (${ids})`;
  const completed = ended.reduce((sum, { files_completed }) => sum + files_completed, 0);
  const failed = ended.reduce((sum, { files_failed }) => sum + files_failed, 0);
  console.log(
    `a worker killed after a third: ${completed} completed, ${failed} failed, ${all.length - completed - failed} lost, ${repeated?.n} stored twice`,
  );
  console.log(
    `${span?.s.toFixed(1)} s from the first start to the last end, ${(all.length / (span?.s ?? 1)).toFixed(1)} files/s`,
  );
}

const deployment = await startDeployment();
try {
  const worker = await deployment.startWorker();
  await compare(deployment);
  await killInTheMiddle(deployment, worker);
} finally {
  await deployment.close();
}
