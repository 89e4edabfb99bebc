import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Json, MillraceError } from "@millrace/core";
import type { MadeFile } from "@millrace/providers";
import { callProvider } from "./call-provider.ts";
import { checkBudget } from "./check-budget.ts";
import { hashOf, hashOfFile } from "./hash-of.ts";
import { inParallel } from "./in-parallel.ts";
import type { VideoUnit } from "./needs.ts";
import { endingOf } from "./open-units.ts";
import type { StepOutput } from "./outputs.ts";
import { patiently } from "./patiently.ts";
import { checkHeld, type StepWork } from "./step-work.ts";

/** One file to be made. */
export interface UnitToMake {
  readonly unit: string;
  /** All that decides what it becomes, but for its take. */
  readonly madeFrom: Json;
  readonly make: (call: UnitCall) => Promise<MadeFile & { readonly seconds?: number }>;
}

export interface UnitCall {
  readonly outputPath: string;
  /** 1, or more when people wanted another one. */
  readonly take: number;
  readonly signal: AbortSignal;
  readonly progress: (share: number) => void;
  /** What an earlier try ordered of the same input. */
  readonly state: string | null;
  readonly keepState: (state: string) => Promise<void>;
}

export interface MadeBy {
  /** The maker's name, `local` for this machine; null: nothing anybody counts. */
  readonly provider: string | null;
  /** Of the account of costs: `assets` becomes `gemini_assets`. */
  readonly component: string;
  /** At a time by this job. */
  readonly parallel: number;
}

interface Unit extends UnitToMake {
  readonly take: number;
  readonly inputHash: string;
}

const MAX_BYTES = 20_000_000_000;

const isRemote = ({ provider }: Pick<MadeBy, "provider">): boolean => provider !== null && provider !== "local";

/** Makes what is not there yet, keeps each as soon as it is made, and says what the step stands for. */
export async function makeUnits(work: StepWork, wanted: readonly UnitToMake[], by: MadeBy): Promise<MadeUnits> {
  const startedAt = work.now().getTime();
  const made = new Map<string, VideoUnit>();
  const missing: Unit[] = [];
  await inParallel(wanted, LOOKS_AT_A_TIME, async (unit) => {
    work.signal.throwIfAborted();
    const known = work.units.find(work.step, unit.unit);
    const take = known === undefined ? 1 : known.take + (known.isRejected ? 1 : 0);
    const inputHash = hashOf({ made_from: unit.madeFrom, take });
    const isThere =
      known !== undefined && !known.isRejected && known.inputHash === inputHash && (await isKept(work, known));
    if (isThere) made.set(unit.unit, known);
    else missing.push({ ...unit, take, inputHash });
  });
  missing.sort((a, b) => (a.unit < b.unit ? -1 : 1));
  const reused = made.size;
  work.log.info({ task_id: work.task.id, step: work.step, wanted: wanted.length, reused }, "units to make");
  if (missing.length > 0 && isRemote(by)) await checkBudget(work);

  const shares = new Map<string, number>();
  const progress = (): void => {
    const begun = [...shares.values()].reduce((sum, share) => sum + share, 0);
    work.progress((made.size + begun) / Math.max(1, wanted.length));
  };
  const keepProgress = async (): Promise<void> => {
    progress();
    const partial_progress = { made: made.size, wanted: wanted.length };
    const record = { partial_progress };
    checkHeld(work, await work.needs.tasks.keepStep(work.claim, work.task.id, work.step, record));
  };
  await keepProgress();
  await mkdir(join(work.folder, "out"), { recursive: true });
  const most = isRemote(by) ? by.parallel : Math.min(by.parallel, availableParallelism());
  await inParallel(missing, most, async (unit) => {
    const onProgress = (share: number): void => {
      shares.set(unit.unit, Math.min(1, Math.max(0, share)));
      progress();
    };
    const kept = await makeOne(work, unit, { ...by, onProgress });
    shares.delete(unit.unit);
    made.set(unit.unit, kept);
    await keepProgress();
  });
  return finish(work, { wanted, made, reused, startedAt });
}

const LOOKS_AT_A_TIME = 8;

/** In the account of costs clips go by their model (C2.8). */
const ACCOUNTS: Readonly<Record<string, string>> = { kie: "kling" };

export interface MadeUnits {
  readonly output: StepOutput;
  readonly units: ReadonlyMap<string, VideoUnit>;
}

interface Finished {
  readonly wanted: readonly UnitToMake[];
  readonly made: ReadonlyMap<string, VideoUnit>;
  readonly reused: number;
  readonly startedAt: number;
}

async function finish(work: StepWork, { wanted, made, reused, startedAt }: Finished): Promise<MadeUnits> {
  const contents = wanted.map(({ unit }) => [unit, made.get(unit)?.sha256 ?? ""]);
  const output = { wanted: wanted.length, made: wanted.length - reused, output_hash: hashOf(contents) };
  const record = {
    output_hash: output.output_hash,
    partial_progress: { made: wanted.length, wanted: wanted.length },
    ...(output.made > 0 && { duration_seconds: (work.now().getTime() - startedAt) / 1_000 }),
  };
  checkHeld(work, await work.needs.tasks.keepStep(work.claim, work.task.id, work.step, record));
  return { output, units: made };
}

/** A row whose blob is gone is worth nothing. */
async function isKept({ needs }: StepWork, { blobKey, bytes }: VideoUnit): Promise<boolean> {
  return (await needs.blobs.head(blobKey))?.bytes === bytes;
}

async function makeOne(
  work: StepWork,
  unit: Unit,
  by: MadeBy & { readonly onProgress: (share: number) => void },
): Promise<VideoUnit> {
  const { needs, task, step, claim, signal } = work;
  const outputPath = join(work.folder, "out", unit.unit.replaceAll("/", "-"));
  const startedAt = work.now().getTime();
  const order = { step, unit: unit.unit, inputHash: unit.inputHash };
  const call = async (): Promise<MadeFile & { readonly seconds?: number }> => {
    const state = isRemote(by) ? await needs.tasks.findOrder(task.id, order) : null;
    return unit.make({
      outputPath,
      take: unit.take,
      signal,
      progress: by.onProgress,
      state,
      keepState: async (text) =>
        checkHeld(work, await needs.tasks.keepOrder(claim, task.id, { ...order, state: text })),
    });
  };
  signal.throwIfAborted();
  const made = isRemote(by) ? await callProvider(work, by.provider ?? "", call) : await call();
  const { provider, component } = by;
  if (provider !== null) {
    const cost = {
      step,
      unit: unit.unit,
      component: `${ACCOUNTS[provider] ?? provider}_${component}`,
      usage: made.usage,
    };
    await needs.tasks.keepCost(task.id, cost);
  }
  const kept = await keep(work, unit, made);
  const seconds = (work.now().getTime() - startedAt) / 1_000;
  const { take, bytes } = kept;
  work.log.info({ task_id: task.id, step, unit: unit.unit, take, bytes, seconds, provider }, "unit made");
  return kept;
}

/** Bytes first, then the row: what the row names is there. Other bytes get another key, so nobody's are overwritten. */
async function keep(work: StepWork, unit: Unit, made: MadeFile & { readonly seconds?: number }): Promise<VideoUnit> {
  const { needs, task, step, claim } = work;
  if (made.bytes === 0)
    throw new MillraceError("MEDIA_FAILED", `${step} ${unit.unit} was made empty.`, { retry: "backoff" });
  const sha256 = await hashOfFile(made.path);
  const blobKey = `${task.ownerId}/video/${task.id}/${step}/${unit.unit}.${sha256.slice(0, 12)}.${endingOf(made.mediaType)}`;
  await patiently(() => needs.blobs.putStream(blobKey, createReadStream(made.path), { maxBytes: MAX_BYTES }), work);
  const kept = {
    step,
    unit: unit.unit,
    take: unit.take,
    inputHash: unit.inputHash,
    blobKey,
    mediaType: made.mediaType,
    sha256,
    bytes: made.bytes,
    seconds: made.seconds ?? null,
  };
  checkHeld(work, await needs.tasks.keepUnit(claim, task.id, kept));
  await rm(made.path, { force: true });
  const before = work.units.find(step, unit.unit);
  if (before !== undefined && before.blobKey !== blobKey) {
    // what stays goes with the workspace
    await needs.blobs.delete(before.blobKey).catch((error: unknown) => {
      work.log.warn({ err: error, task_id: task.id, key: before.blobKey }, "an earlier take could not be removed");
    });
  }
  return { ...kept, isRejected: false };
}
