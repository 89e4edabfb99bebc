import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { MillraceError } from "@millrace/core";
import type { Occt, OcctMesh, OcctNode, OcctParameters } from "occt-import-js";
import { capMemory, type MemoryCap } from "../capped-memory.ts";

export type LinearUnit = OcctParameters["linearUnit"];
export const LINEAR_UNITS: readonly LinearUnit[] = ["millimeter", "centimeter", "meter", "inch", "foot"];

/** How far the triangles may be from the true surface: share of the bounding box's size, and angle in radians. */
export const DEFLECTION = { linearRatio: 0.001, angular: 0.5 } as const;

export interface Shapes {
  readonly root: OcctNode;
  readonly meshes: readonly OcctMesh[];
}

export interface ShapesCall {
  readonly bytes: Uint8Array;
  readonly unit: LinearUnit;
  readonly maxMemoryBytes: number;
}

const require = createRequire(import.meta.url);

/** Compiled once in a thread: what V8 has optimised serves the files after. */
let compiling: Promise<WebAssembly.Module> | undefined;

async function compile(): Promise<WebAssembly.Module> {
  const folder = dirname(require.resolve("occt-import-js"));
  return WebAssembly.compile(await readFile(join(folder, "occt-import-js.wasm")));
}

interface Instance extends MemoryCap {
  readonly occt: Occt;
  readonly lines: readonly string[];
}

/**
 * A new instance for every file: whatever a file did to the last one's memory is gone with it, and so is the memory,
 * which WebAssembly never gives back.
 */
async function instantiate(maxMemoryBytes: number): Promise<Instance> {
  const { default: occtimportjs } = await import("occt-import-js");
  compiling ??= compile().catch((error: unknown) => {
    compiling = undefined;
    throw error;
  });
  const module = await compiling;
  const lines: string[] = [];
  let cap: MemoryCap | undefined;
  const print = (line: string): void => {
    if (lines.length < 20) lines.push(line);
  };
  const occt = await occtimportjs({
    print,
    printErr: print,
    instantiateWasm(imports, receive) {
      // synchronous, so that a failure is thrown and not lost
      const instance = new WebAssembly.Instance(module, imports);
      for (const exported of Object.values(instance.exports)) {
        if (exported instanceof WebAssembly.Memory) cap = capMemory(exported, maxMemoryBytes);
      }
      receive(instance);
      return instance.exports;
    },
  });
  if (cap === undefined) throw new Error("the shape reader's memory could not be limited");
  return { occt, lines, hasRunOut: cap.hasRunOut };
}

function crash(instance: Instance, cause: unknown): MillraceError {
  if (instance.hasRunOut()) {
    return new MillraceError("CONTENT_TOO_COMPLEX", "the shapes need more memory than one file may use", {
      retry: "once",
      cause,
    });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError("STAGE_CRASHED", `the shape reader crashed: ${reason}`, { retry: "once", cause });
}

/** The reader's own words on why it refused a file, without its marks. */
function complaintOf(lines: readonly string[]): string {
  const words = lines
    .join(" ")
    .replace(/[\s*]+/g, " ")
    .trim();
  return words === "" ? "" : `: ${words.slice(0, 200)}`;
}

/**
 * Triangulated shapes of a STEP file. One synchronous call into WebAssembly: nothing can interrupt it but the end of its
 * thread. Throws CONTENT_DAMAGED where the file is refused, STAGE_CRASHED (once more) where the reader dies of it and
 * CONTENT_TOO_COMPLEX (once more) where it runs out of memory.
 */
export async function readShapes({ bytes, unit, maxMemoryBytes }: ShapesCall): Promise<Shapes> {
  const instance = await instantiate(maxMemoryBytes);
  // the module sets it when it dies
  const { exitCode } = process;
  try {
    const result = instance.occt.ReadStepFile(bytes, {
      linearUnit: unit,
      linearDeflectionType: "bounding_box_ratio",
      linearDeflection: DEFLECTION.linearRatio,
      angularDeflection: DEFLECTION.angular,
    });
    if (result.success && !instance.hasRunOut()) return result;
  } catch (cause) {
    throw crash(instance, cause);
  } finally {
    process.exitCode = exitCode;
  }
  if (instance.hasRunOut()) throw crash(instance, undefined);
  throw new MillraceError("CONTENT_DAMAGED", `the STEP file cannot be read${complaintOf(instance.lines)}`);
}
