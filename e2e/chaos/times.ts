// `npm run chaos:times -- --rounds 10`: recovery times, as a table for docs/operations.md.
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { createClient } from "./client.ts";
import { type Deployment, startDeployment } from "./deployment.ts";
import { seededRandom } from "./random.ts";
import { type Bench, MEASURES, type Measure, QUICK_MEASURES } from "./recovery-times.ts";
import { runFolder } from "./run-chaos.ts";
import { startSink } from "./sink.ts";
import { tailStages } from "./stage-tail.ts";
import { emptyTimeline } from "./timeline.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "10" }, only: { type: "string", default: "" } },
});
const rounds = Number(values.rounds);

/** What production runs with, and what a deployment sets that wants to recover in seconds. */
const SETTINGS = {
  default: {},
  fast: { LEASE_MS: "1500", QUEUE_LOCK_MS: "1500", QUEUE_STALLED_MS: "500" },
} as const;

interface Row {
  readonly name: string;
  readonly settings: string;
  readonly unit: Measure["unit"];
  readonly results: number[];
}

async function measure(settings: keyof typeof SETTINGS, measures: readonly Measure[]): Promise<Row[]> {
  const { folder, release } = runFolder("chaos-times");
  const random = seededRandom(1);
  const sink = await startSink(random.fork("sink"));
  let deployment: Deployment | undefined;
  try {
    deployment = await startDeployment({
      folder,
      sink,
      timeline: emptyTimeline(),
      random,
      execArgv: [],
      timings: SETTINGS[settings],
      apis: ["api1"],
      workers: ["w1", "w3"],
      say: () => {},
    });
    const { apiKey, apiBases, stageLog } = deployment;
    let keys = 0;
    const bench: Bench = {
      deployment,
      client: createClient({ bases: apiBases, apiKey, random: random.fork("client") }),
      tail: tailStages(stageLog),
      nextKey: () => `m${++keys}`,
    };
    const rows: Row[] = [];
    for (const { name, unit, once } of measures.filter(({ name }) => name.includes(values.only))) {
      const results: number[] = [];
      for (let round = 1; round <= rounds; round++) {
        const result = await once(bench);
        results.push(result);
        console.error(`${settings}: ${name}: ${result.toFixed(0)} ${unit === "ms" ? "ms" : ""}`);
      }
      rows.push({ name, settings, unit, results });
    }
    return rows;
  } finally {
    await deployment?.close();
    await sink.close();
    release();
    rmSync(folder, { recursive: true, force: true });
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const shown = (value: number, unit: Row["unit"]): string =>
  unit === "ms" ? `${(value / 1_000).toFixed(2)} s` : String(value);

const rows = [...(await measure("default", MEASURES)), ...(await measure("fast", QUICK_MEASURES))];
console.log("| what | settings | median | least | most | rounds |\n| --- | --- | --- | --- | --- | --- |");
for (const { name, settings, unit, results } of rows) {
  const cells = [median(results), Math.min(...results), Math.max(...results)].map((value) => shown(value, unit));
  console.log(`| ${name} | ${settings} | ${cells.join(" | ")} | ${results.length} |`);
}
process.exit(0);
