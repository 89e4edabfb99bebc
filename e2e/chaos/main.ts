// `npm run chaos -- --seconds 120 --seed 7`: see docs/chaos.md.
import { setMaxListeners } from "node:events";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { GUARD_NAMES, type GuardName } from "./guards.ts";
import { FOCUSES, type Focus } from "./plan-faults.ts";
import { type ChaosResult, runChaos } from "./run-chaos.ts";

const EXIT = { green: 0, red: 1, interrupted: 130 } as const;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "120" },
    seed: { type: "string", default: "1" },
    seeds: { type: "string" },
    without: { type: "string" },
    focus: { type: "string" },
    json: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});

function oneOf<T extends string>(option: string, value: string | undefined, known: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = known.find((name) => name === value);
  if (found === undefined) throw new Error(`--${option} is one of ${known.join(", ")}`);
  return found;
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${option} is a whole number from 1`);
  return value;
}

const interrupted = new AbortController();
setMaxListeners(0, interrupted.signal);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupted.abort(new Error(signal)));

async function main(): Promise<number> {
  const seconds = wholeNumber("seconds", values.seconds);
  if (seconds < 20) throw new Error("--seconds is at least 20: nothing would go wrong in less");
  const seeds = (values.seeds ?? values.seed).split(",").map((text) => wholeNumber("seed", text.trim()));
  const without = oneOf<GuardName>("without", values.without, GUARD_NAMES);
  const focus = oneOf<Focus>("focus", values.focus, FOCUSES);
  const results: ChaosResult[] = [];
  for (const seed of seeds) {
    const result = await runChaos({
      seed,
      seconds,
      without,
      focus,
      isVerbose: values.verbose,
      print: (line) => console.log(line),
      signal: interrupted.signal,
    });
    results.push(result);
  }
  if (values.json !== undefined) {
    const shown = { seconds, without: without ?? null, focus: focus ?? null, results };
    writeFileSync(values.json, `${JSON.stringify(shown, null, 2)}\n`);
  }
  if (seeds.length > 1) {
    for (const { seed, isGreen, verdicts } of results) {
      const red = verdicts.filter(({ violations }) => violations.length > 0).map(({ name }) => name);
      console.log(`seed ${seed}: ${isGreen ? "green" : `RED: ${red.join(", ")}`}`);
    }
  }
  return results.every(({ isGreen }) => isGreen) ? EXIT.green : EXIT.red;
}

try {
  process.exit(await main());
} catch (error) {
  if (interrupted.signal.aborted) {
    console.error("interrupted; everything was stopped");
    process.exit(EXIT.interrupted);
  }
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exit(EXIT.red);
}
