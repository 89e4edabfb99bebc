import type { Pipeline } from "./define-pipeline.ts";
import type { PipelineSpec } from "./pipeline-spec.ts";

const majorOf = (version: string): string => version.split(".")[0] ?? version;

/** Finds the entry a job of this pipeline and version runs on: same name, same major version. */
function findCompatible<T>(entries: readonly T[], specOf: (entry: T) => PipelineSpec, name: string, version: string) {
  return entries.find((e) => specOf(e).name === name && majorOf(specOf(e).version) === majorOf(version));
}

/** The pipelines a worker can run. */
export interface Registry {
  readonly pipelines: readonly Pipeline[];
  find(name: string, version: string): Pipeline | undefined;
}

/** The pipelines an API accepts: specs only, it runs nothing. */
export interface SpecRegistry {
  readonly specs: readonly PipelineSpec[];
  find(name: string): PipelineSpec | undefined;
}

/** Throws where two pipelines would run the same jobs: same name, same major version. */
export function registryOf(pipelines: readonly Pipeline[]): Registry {
  const taken = new Set<string>();
  for (const { spec } of pipelines) {
    const id = `${spec.name} ${majorOf(spec.version)}`;
    if (taken.has(id))
      throw new Error(`two pipelines are called "${spec.name}" with major version ${majorOf(spec.version)}`);
    taken.add(id);
  }
  return { pipelines, find: (name, version) => findCompatible(pipelines, (p) => p.spec, name, version) };
}

export function specRegistryOf(specs: readonly PipelineSpec[]): SpecRegistry {
  return { specs, find: (name) => specs.find((s) => s.name === name) };
}
