import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { MillraceError } from "@millrace/core";
import type { FlatMesh, IfcAPI } from "web-ifc";
import { capMemory, type MemoryCap } from "../capped-memory.ts";

export interface Box {
  readonly min: readonly number[];
  readonly max: readonly number[];
}

export interface BoundsCall {
  readonly bytes: Uint8Array;
  /** Instance ids of the elements. */
  readonly elements: readonly number[];
  readonly maxMemoryBytes: number;
  readonly signal: AbortSignal;
  readonly progress: (share: number) => void;
}

interface Opened extends MemoryCap {
  readonly api: IfcAPI;
}

interface Compiled {
  readonly size: number;
  readonly module: WebAssembly.Module;
}

const require = createRequire(import.meta.url);

/** Compiled once in a thread: what V8 has optimised serves the files after. */
let compiling: Promise<Compiled> | undefined;
let lastOpening: Promise<unknown> = Promise.resolve();

async function compile(): Promise<Compiled> {
  const bytes = await readFile(require.resolve("web-ifc/web-ifc-node.wasm"));
  return { size: bytes.length, module: await WebAssembly.compile(bytes) };
}

/** A new instance for every file, with a memory of its own that cannot grow past `maxMemoryBytes`. */
async function openApi(maxMemoryBytes: number): Promise<Opened> {
  const { IfcAPI, LogLevel } = await import("web-ifc");
  compiling ??= compile().catch((error: unknown) => {
    compiling = undefined;
    throw error;
  });
  const { size, module } = await compiling;
  const api = new IfcAPI();
  let cap: MemoryCap | undefined;
  // the library passes no hook on: its instance is caught where it is made, others' are left alone
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (source, imports) => {
    if (source.length !== size) return instantiate(source, imports);
    const instance = new WebAssembly.Instance(module, imports);
    for (const exported of Object.values(instance.exports)) {
      if (exported instanceof WebAssembly.Memory) cap = capMemory(exported, maxMemoryBytes);
    }
    return { module, instance };
  };
  try {
    await api.Init();
  } finally {
    WebAssembly.instantiate = instantiate;
  }
  api.SetLogLevel(LogLevel.LOG_LEVEL_OFF);
  if (cap === undefined) throw new Error("the shape reader's memory could not be limited");
  return { api, hasRunOut: cap.hasRunOut };
}

/** One after the other, so that each puts back what the one before it found. */
function openInTurn(maxMemoryBytes: number): Promise<Opened> {
  const opening = lastOpening.then(() => openApi(maxMemoryBytes));
  lastOpening = opening.catch(() => undefined);
  return opening;
}

/** The library's axes are those of 3D engines, y up: its (x, y, z) is the file's (x, -z, y). */
const FROM_ENGINE_AXES = [
  { row: 0, sign: 1 },
  { row: 2, sign: -1 },
  { row: 1, sign: 1 },
] as const;

function boxOf(api: IfcAPI, model: number, mesh: FlatMesh): Box | undefined {
  const min = [Infinity, Infinity, Infinity];
  const max = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < mesh.geometries.size(); i += 1) {
    const { geometryExpressID, flatTransformation: matrix } = mesh.geometries.get(i);
    const geometry = api.GetGeometry(model, geometryExpressID);
    // six numbers a vertex: its place and its normal
    const vertices = api.GetVertexArray(geometry.GetVertexData(), geometry.GetVertexDataSize());
    for (let at = 0; at + 5 < vertices.length; at += 6) {
      const [x = 0, y = 0, z = 0] = [vertices[at], vertices[at + 1], vertices[at + 2]];
      for (const [axis, { row, sign }] of FROM_ENGINE_AXES.entries()) {
        const [a = 0, b = 0, c = 0, d = 0] = [matrix[row], matrix[row + 4], matrix[row + 8], matrix[row + 12]];
        const value = sign * (a * x + b * y + c * z + d);
        min[axis] = Math.min(min[axis] ?? value, value);
        max[axis] = Math.max(max[axis] ?? value, value);
      }
    }
    geometry.delete();
  }
  if (![...min, ...max].every(Number.isFinite)) return undefined;
  // the library computes with 32 bits: about seven digits of the largest number
  const largest = Math.max(...[...min, ...max].map(Math.abs));
  const steps = 10 ** (6 - Math.ceil(Math.log10(largest || 1)));
  const round = (value: number): number => Math.round(value * steps) / steps + 0;
  return { min: min.map(round), max: max.map(round) };
}

function readAll(api: IfcAPI, { bytes, elements, signal, progress }: BoundsCall): ReadonlyMap<number, Box> | undefined {
  const model = api.OpenModel(bytes, { COORDINATE_TO_ORIGIN: false });
  if (model < 0) return undefined;
  const boxes = new Map<number, Box>();
  try {
    for (const [at, element] of elements.entries()) {
      if (at % 50 === 0) {
        signal.throwIfAborted();
        progress(at / elements.length);
      }
      // one by one: the calls for many ignore that lengths are to stay in the file's unit
      const box = boxOf(api, model, api.GetFlatMesh(model, element, false));
      if (box !== undefined) boxes.set(element, box);
    }
  } finally {
    api.CloseModel(model);
  }
  return boxes;
}

/**
 * Boxes around elements' shapes, along the file's axes, in its length unit; elements without a shape have none. Undefined
 * where the reader does not know the file's schema. The calls into WebAssembly are synchronous: `signal` is looked at
 * between groups of elements. Throws STAGE_CRASHED (once more) where the reader dies and CONTENT_TOO_COMPLEX (once more)
 * where it runs out of memory.
 */
export async function readBounds(call: BoundsCall): Promise<ReadonlyMap<number, Box> | undefined> {
  const { api, hasRunOut } = await openInTurn(call.maxMemoryBytes);
  // the module sets it when it dies
  const { exitCode } = process;
  let cause: unknown;
  try {
    const boxes = readAll(api, call);
    if (!hasRunOut()) return boxes;
  } catch (error) {
    cause = error;
  } finally {
    process.exitCode = exitCode;
  }
  call.signal.throwIfAborted();
  if (hasRunOut()) {
    const message = "the shapes need more memory than one file may use";
    throw new MillraceError("CONTENT_TOO_COMPLEX", message, { retry: "once", cause });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new MillraceError("STAGE_CRASHED", `the shape reader crashed: ${reason}`, { retry: "once", cause });
}
